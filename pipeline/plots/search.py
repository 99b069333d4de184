"""Figure of the stage `search`: what designs reach against what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from pipeline.plots.style import COLOURS, REFERENCE, style

_PLACES = ((0, 12), (0, -12), (15, 0), (-15, 0), (0, 23), (0, -23), (15, 12), (-15, -12))
"""Where a number may stand, from the middle of its point; in points of print, the first that is free is taken."""
_HEIGHT, _DIGIT = 10.0, 7.0
"""The size of a number, in points of print."""


class Point(NamedTuple):
    """One design."""

    lut: float
    """LUTs, synthesised or estimated."""
    auc: float
    """Macro-AUC on validation jets."""
    error: float
    """Its statistical error."""
    clocks: int
    """Latency."""
    synthesised: bool = False
    """Whether its LUTs were counted by synthesis."""
    within: bool = True
    """Whether it is within all limits."""

    @classmethod
    def of(cls, design: Mapping[str, Any]) -> Point:
        """A design as `front.json` describes it."""
        counted = design["lut"] is not None
        lut = design["lut"] if counted else design["lut_estimate"]
        quality = float(design["macro_auc"]), float(design["macro_auc_error"])
        return cls(float(lut), *quality, int(design["clocks"]), counted, bool(design["within"]))


def pareto_front(
    front: Sequence[Point], others: Sequence[Point], hand_made: Point | None, limits: Mapping[str, int | None]
) -> Figure:
    """Macro-AUC against LUTs: the front, the other trained designs, and the hand-made one.

    Args:
        front: designs that no other beats.
        others: all else that was trained to the end.
        hand_made: the design of the files.
        limits: what a design may have at most: `lut`, `clocks`, `interval`; nothing where it does not matter.
    """
    with style():
        figure = Figure(figsize=(9.0, 6.6), layout="constrained")
        axes = figure.subplots()
        for within, marker, words in ((True, "o", "other trials"), (False, "x", "beyond the limits")):
            shown = [point for point in others if point.within == within and point != hand_made]
            _scatter(axes, shown, words, s=16, marker=marker, color=COLOURS[3], linewidths=1, zorder=2)
        axes.errorbar(*_xy(front), yerr=[point.error for point in front], fmt="none", ecolor=COLOURS[0], elinewidth=1)
        for synthesised, fill, words in (
            (True, COLOURS[0], "front, synthesised"),
            (False, "white", "front, estimated"),
        ):
            shown = [point for point in front if point.synthesised == synthesised]
            _scatter(axes, shown, words, s=50, facecolors=fill, edgecolors=COLOURS[0], zorder=3)
        base = [] if hand_made is None else [hand_made]
        _scatter(axes, base, "hand-made", s=180, marker="*", color=COLOURS[2], zorder=4)
        if words := _limits(limits):
            how: dict[str, Any] = {"color": REFERENCE, "linestyle": "--", "linewidth": 1, "label": words}
            if limits["lut"] is None:
                axes.plot([], [], **how)
            else:
                axes.axvline(limits["lut"], **how)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("LUT (numbers at the points: clocks)")
        axes.set_ylabel("macro-AUC, validation jets")
        _show(axes, [*front, *base], others)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside upper left", ncols=3, frameon=False)
        figure.draw_without_rendering()
        _number(axes, figure.dpi, [*front, *(point for point in base if point not in front)])
        return figure


def _xy(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [point.lut for point in points], [point.auc for point in points]


def _scatter(axes: Any, points: Sequence[Point], words: str, **how: Any) -> None:
    if points:
        axes.scatter(*_xy(points), label=words, **how)


def _limits(limits: Mapping[str, int | None]) -> str:
    """The limits in words.

    >>> _limits({"lut": 40_000, "clocks": 20, "interval": None})
    'at most 40,000 LUT, 20 clocks'
    """
    units = (("lut", "LUT"), ("clocks", "clocks"), ("interval", "clocks per image"))
    phrases = [f"{value:,} {unit}" for name, unit in units if (value := limits[name]) is not None]
    return f"at most {', '.join(phrases)}" if phrases else ""


def _show(axes: Any, chosen: Sequence[Point], others: Sequence[Point]) -> None:
    """All of the front and all that is better; of worse ones those that are near."""
    if not chosen:
        return
    low, high = min(point.auc for point in chosen), max(point.auc for point in (*chosen, *others))
    room = max(0.1 * (high - low), 0.002)
    axes.set_ylim(low - 2 * room, high + room)


def _number(axes: Any, dpi: float, points: Sequence[Point]) -> None:
    """Write the clocks beside points, so that no number lies on another one or on another of the points."""
    middles = axes.transData.transform(np.array([[point.lut, point.auc] for point in points]).reshape(-1, 2)) * 72 / dpi
    taken: list[tuple[npt.NDArray[np.float64], float, float]] = [(middle, 4.0, 4.0) for middle in middles]
    for index, (point, middle) in enumerate(zip(points, middles, strict=True)):
        width = _DIGIT * len(str(point.clocks)) / 2
        rest = [box for number, box in enumerate(taken) if number != index]

        def free(
            place: tuple[int, int],
            middle: Any = middle,
            width: float = width,
            rest: Sequence[tuple[Any, float, float]] = tuple(rest),
        ) -> bool:
            away = [(np.abs(middle + place - other), w, h) for other, w, h in rest]
            return all(x >= width + w or y >= _HEIGHT / 2 + h for (x, y), w, h in away)

        place = next(filter(free, _PLACES), _PLACES[0])
        taken.append((middle + place, width, _HEIGHT / 2))
        axes.annotate(
            str(point.clocks),
            (point.lut, point.auc),
            place,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=10,
            zorder=5,
        )
