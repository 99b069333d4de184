"""Figure of the stage `search`: what designs reach against what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from pipeline.plots.style import COLOURS, style


class Point(NamedTuple):
    """One design."""

    lut: float
    """LUTs, synthesised or estimated."""
    auc: float
    """Macro-AUC on validation jets."""
    clocks: int
    """Latency."""
    synthesised: bool = False
    """Whether its LUTs were counted by synthesis."""


def pareto_front(
    front: Sequence[Point], others: Sequence[Point], hand_made: Point | None, largest: int | None
) -> Figure:
    """Macro-AUC against LUTs: the front, the other trained designs, and the hand-made one.

    Args:
        front: designs that no other beats.
        others: all else that was trained to the end.
        hand_made: the design of the files.
        largest: the LUTs that a design may have.
    """
    with style():
        figure = Figure(figsize=(9.0, 6.0), layout="constrained")
        axes = figure.subplots()
        if others:
            axes.scatter(
                [each.lut for each in others],
                [each.auc for each in others],
                s=16,
                color=COLOURS[3],
                label="other trials",
            )
        for synthesised, fill, words in ((True, COLOURS[0], "front, synthesised"), (False, "none", "front, estimated")):
            some = [each for each in front if each.synthesised == synthesised]
            if some:
                axes.scatter(
                    [each.lut for each in some],
                    [each.auc for each in some],
                    s=60,
                    facecolors=fill,
                    edgecolors=COLOURS[0],
                    label=words,
                )
        for each in front:
            axes.annotate(
                str(each.clocks), (each.lut, each.auc), (0, 7), textcoords="offset points", ha="center", fontsize=10
            )
        if hand_made is not None:
            axes.scatter([hand_made.lut], [hand_made.auc], s=180, marker="*", color=COLOURS[2], label="hand-made")
        if largest is not None:
            axes.axvline(largest, color=COLOURS[8], linestyle="--", linewidth=1)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("LUT (the numbers: clocks)")
        axes.set_ylabel("macro-AUC, validation jets")
        shown = [each.auc for each in (*front, *([hand_made] if hand_made else []))]
        if shown:
            low, high = min(shown), max(shown)
            room = max(0.1 * (high - low), 0.002)
            axes.set_ylim(low - 2 * room, high + room)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower right")
        return figure
