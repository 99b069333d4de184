"""The front that a search found: what designs reach for what they cost."""

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
    found = run.json(SEARCH, "front.json")
    with reading(f"{SEARCH}/front.json"):
        points = list(found["points"])
        base = found["hand_made"]
        limits = found["constraints"]
        drawn = [Point.of(each) for each in points]
        figure = pareto_front(drawn, [], None if base is None else Point.of(base), limits)
        rows = [each | {"hand_made": False} for each in points]
        if base is not None and base["trial"] not in {each["trial"] for each in points}:
            rows.append(base | {"hand_made": True})
        values = {
            "rows": rows,
            "limits": {name: limits[name] for name in ("lut", "clocks", "interval") if limits[name] is not None},
            "trials": {str(state): int(number) for state, number in found["trials"].items()},
            "minutes": float(found["seconds"]) / 60,
            "ratio": found["synthesised_to_estimate"],
        }
    label = "Macro-AUC of the designs of the front against their LUTs"
    return values | {"figure": svg.inline(svg_text(figure), "search", label)}


SECTION = Section(80, "Search", "The best designs within the limits", values, optional=SEARCH)
