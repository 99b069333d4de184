"""Figure of the stage `symmetries`: how well networks tell turned jets, against what they multiply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from pipeline.plots.style import COLOURS, style


class Point(NamedTuple):
    """One network."""

    title: str
    """For people."""
    multiplications: int
    """An image."""
    macro_auc: float
    """On turned test jets, mean over the trainings."""
    spread: float
    """Standard deviation over the trainings, 0 where there is one."""


def auc_against_cost(points: Sequence[Point]) -> Figure:
    """Macro-AUC of the quantized networks on turned jets against their multiplications."""
    with style():
        figure = Figure(figsize=(10.4, 5.2), layout="constrained")
        axes = figure.subplots()
        for index, point in enumerate(points):
            colour = COLOURS[index % len(COLOURS)]
            marker = "osD^v<>ph*"[index % 10]
            axes.errorbar(
                point.multiplications / 1000,
                point.macro_auc,
                point.spread,
                fmt=marker,
                color=colour,
                markersize=9,
                capsize=4,
                label=point.title,
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("multiplications per image (thousands)")
        axes.set_ylabel("macro-AUC, rotated jets")
        axes.margins(0.1, 0.1)
        figure.legend(loc="outside right upper")
        return figure
