"""ROC curves as taggers are judged: background rejection against signal efficiency, one panel a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from models.metrics.taggers import RocCurve, rejection
from models.metrics.uncertainty import EFFICIENCIES, Band
from pipeline.plots.style import COLOURS, style

LOOKS: dict[str, dict[str, Any]] = {
    "float_standard": {"color": COLOURS[0], "linewidth": 1.6},
    "float_separable": {"color": COLOURS[1], "linewidth": 1.6},
    "model": {"color": COLOURS[2], "linewidth": 4.0, "alpha": 0.45, "solid_capstyle": "butt"},
    "emulated": {"color": "black", "linewidth": 1.6, "linestyle": (0, (1, 1.6))},
    "trees": {"color": COLOURS[3], "linewidth": 1.8, "linestyle": "--"},
    "trees_seen": {"color": COLOURS[3], "linewidth": 1.2, "linestyle": ":"},
}
"""The emulated design lies on the quantized network's curve: a dotted line on a broad one shows both."""

MINIMUM_JETS = 10
"""A point needs that many background jets that pass; with fewer its statistical error is above 30 %."""

_EFFICIENCIES = np.linspace(0.02, 1.0, 197)
_PANELS = 3


@dataclass(frozen=True)
class Curve:
    """One curve of a panel.

    Attributes:
        name: of the tagger; chooses the look.
        title: for the legend.
        roc: the curve.
        background_jets: effective number of background jets.
        band: of one standard deviation of the background efficiency, where it is known.
    """

    name: str
    title: str
    roc: RocCurve
    background_jets: float
    band: Band | None = None


def roc_panels(curves: Mapping[str, Sequence[Curve]]) -> Figure:
    """One panel a class (that class against all others), all taggers in each.

    Args:
        curves: by class.
    """
    with style():
        columns = min(_PANELS, len(curves) + 1)
        rows = ceil((len(curves) + 1) / columns)
        figure = Figure(figsize=(0.8 + 4.3 * columns, 0.6 + 3.9 * rows), layout="constrained")
        panels = np.ravel(figure.subplots(rows, columns, squeeze=False))
        for axes, (name, class_curves) in zip(panels, curves.items(), strict=False):
            _panel(axes, name, class_curves)
        for axes in panels[len(curves) :]:
            axes.axis("off")
        shown = {curve.name: curve.title for class_curves in curves.values() for curve in class_curves}
        handles = [Line2D([], [], label=title, **_look(name, i)) for i, (name, title) in enumerate(shown.items())]
        if handles:
            panels[len(curves)].legend(handles=handles, loc="center", fontsize="small", handlelength=2.6)
        figure.supxlabel(r"signal efficiency $\varepsilon_S$", fontsize="medium")
        figure.supylabel(r"background rejection $1/\varepsilon_B$", fontsize="medium")
        return figure


def _panel(axes: Any, name: str, curves: Sequence[Curve]) -> None:
    highest = 10.0
    for i, curve in enumerate(curves):
        values = rejections(curve)
        axes.plot(_EFFICIENCIES, values, **_look(curve.name, i))
        _draw_band(axes, curve, values, i)
        highest = max(highest, float(np.nanmax(values, initial=1.0)))
    axes.set_yscale("log")
    axes.set_xlim(0, 1)
    axes.set_ylim(1, highest * 3)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.text(0.95, 0.92, f"{name} against all others", transform=axes.transAxes, ha="right", va="top", weight="bold")


def _draw_band(axes: Any, curve: Curve, values: npt.NDArray[np.float64], index: int) -> None:
    """Where the curve itself is drawn; the emulated design shares the band of the quantized network."""
    if curve.band is None or curve.name == "emulated":
        return
    shown = np.isfinite(np.interp(EFFICIENCIES, _EFFICIENCIES, values)) & (np.array(curve.band.low) > 0)
    edges = [1 / np.array(edge)[shown] for edge in (curve.band.high, curve.band.low)]
    colour = _look(curve.name, index)["color"]
    axes.fill_between(np.array(EFFICIENCIES)[shown], *edges, color=colour, alpha=0.2, linewidth=0)


def rejections(curve: Curve) -> npt.NDArray[np.float64]:
    """1/ε_B at `_EFFICIENCIES`, NaN where too few background jets pass to say."""
    points = [rejection(curve.roc, float(point), curve.background_jets) for point in _EFFICIENCIES]
    passing = [(point.background_efficiency or 0.0) * curve.background_jets for point in points]
    values = [point.rejection if jets >= MINIMUM_JETS else None for point, jets in zip(points, passing, strict=True)]
    return np.array([np.nan if value is None else value for value in values])


def _look(name: str, index: int) -> dict[str, Any]:
    return LOOKS.get(name, {"color": COLOURS[(index + 4) % len(COLOURS)], "linewidth": 1.6})
