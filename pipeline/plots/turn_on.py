"""How often a jet is found: efficiency in bins of the true value, method by method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.figure import Figure

from pipeline.plots.style import COLOURS, REFERENCE, style

_MARKERS = "osD^v<>Ph*"


def turn_on(shares: Mapping[str, Sequence[Mapping[str, Any] | None]], edges: Sequence[float]) -> Figure:
    """Efficiency of each method against the true pT.

    Args:
        shares: by method, a `models.metrics.detection.JetShare` a bin as a mapping; None where there are no jets.
        edges: borders of the bins (GeV).
    """
    with style():
        figure = Figure(figsize=(7.4, 6.6), layout="constrained")
        axes = figure.subplots()
        for index, (method, efficiencies) in enumerate(shares.items()):
            bins = [
                (low, high, share) for (low, high), share in zip(pairwise(edges), efficiencies, strict=True) if share
            ]
            axes.errorbar(
                [(low + high) / 2 for low, high, _ in bins],
                [share["value"] for _, _, share in bins],
                xerr=[(high - low) / 2 for low, high, _ in bins],
                yerr=[share["error"] for _, _, share in bins],
                fmt=_MARKERS[index % len(_MARKERS)],
                color=COLOURS[index % len(COLOURS)],
                markersize=6,
                label=method,
            )
        axes.axhline(1, color=REFERENCE, linewidth=1)
        axes.set_ylim(0, 1.1)
        axes.set_ylabel("efficiency")
        axes.set_xlabel("true jet pT (GeV)")
        axes.legend(fontsize="x-small")
        return figure
