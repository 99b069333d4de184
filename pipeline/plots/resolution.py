"""How well numbers of jets are found: response and resolution in bins of the truth, method by method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots.style import COLOURS, REFERENCE, style

_MARKERS = "osD^v<>Ph*"


def resolution_curves(closures: Mapping[str, Mapping[str, Any]], quantity: str, unit: str = "GeV") -> Figure:
    """Median response (top) and resolution (bottom) of each method against the truth.

    Args:
        closures: by method, what `models.metrics.response.BinnedResponse.as_json` gives; bins of too few jets are
            left out.
        quantity: what is measured, as in `jet mass`.
        unit: of it.
    """
    with style():
        figure = Figure(figsize=(7.4, 6.6), layout="constrained")
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[2, 3])
        for index, (method, closure) in enumerate(closures.items()):
            _draw(top, bottom, method, closure, index)
        top.axhline(1, color=REFERENCE, linewidth=1)
        top.set_ylabel("median response")
        bottom.set_ylabel("resolution")
        bottom.set_xlabel(f"true {quantity} ({unit})")
        bottom.set_ylim(0, 1.3 * bottom.get_ylim()[1])  # room for the legend above the points
        bottom.legend(fontsize="x-small", ncols=2)
        return figure


def _draw(top: Any, bottom: Any, method: str, closure: Mapping[str, Any], index: int) -> None:
    edges = np.asarray(closure["edges"], np.float64)
    measured = [i for i, point in enumerate(closure["bins"]) if point is not None]
    centre = [(edges[i] + edges[i + 1]) / 2 for i in measured]
    half = [(edges[i + 1] - edges[i]) / 2 for i in measured]
    look = {"fmt": _MARKERS[index % len(_MARKERS)], "color": COLOURS[index % len(COLOURS)], "markersize": 6}
    bins = [closure["bins"][i] for i in measured]
    medians, errors = [point["median"] for point in bins], [point["error"] for point in bins]
    top.errorbar(centre, medians, xerr=half, yerr=errors, **look)
    bottom.errorbar(centre, [point["resolution"] for point in bins], xerr=half, label=method, **look)
