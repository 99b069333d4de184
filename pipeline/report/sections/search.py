"""The front of a search: performance of the designs against their cost."""

from __future__ import annotations

from typing import Any

from pipeline.plots.search import Point, pareto_front
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

SEARCH = "28_search"


def values(run: RunFolder) -> dict[str, Any]:
    """The figure and the table."""
    content = run.json(SEARCH, "front.json")
    with reading(f"{SEARCH}/front.json"):
        points = list(content["points"])
        base = content["hand_made"]
        limits = content["constraints"]
        drawn = [Point.of(point) for point in points]
        figure = pareto_front(drawn, [], None if base is None else Point.of(base), limits)
        rows = [point | {"hand_made": False} for point in points]
        if base is not None and base["trial"] not in {point["trial"] for point in points}:
            rows.append(base | {"hand_made": True})
        values = {
            "rows": rows,
            "limits": {name: limits[name] for name in ("lut", "clocks", "interval") if limits[name] is not None},
            "trials": {str(state): int(number) for state, number in content["trials"].items()},
            "minutes": float(content["seconds"]) / 60,
            "ratio": content["synthesised_to_estimate"],
        }
    label = "Macro-AUC of the designs of the front against their LUTs"
    return values | {"figure": svg.inline(svg_text(figure), "search", label)}


SECTION = Section(80, "Search", "The best designs within the limits", values, optional=SEARCH)
