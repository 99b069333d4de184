"""Figure of the stage `candidates`: macro-AUC, and share of jet pT and mass, against the number of candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from models.metrics.bootstrap import ValueWithError
from pipeline.plots.style import COLOURS, style


def candidate_cost(
    numbers: Sequence[int],
    auc: Mapping[str, Mapping[str, ValueWithError]],
    share: Mapping[str, Mapping[str, Sequence[float]]],
) -> Figure:
    """Two panels: what the networks lose, and what the jets lose.

    Args:
        numbers: of candidates, ascending.
        auc: macro-AUC by title of the network and by image set, `float` or a number as text.
        share: mean share by quantity (`pt`, `mass`) and class, in the order of `numbers`.
    """
    with style():
        figure = Figure(figsize=(12.4, 5.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for index, (title, points) in enumerate(auc.items()):
            colour = COLOURS[index]
            values = [points[str(number)] for number in numbers]
            bars = [value.error for value in values]
            left.errorbar(
                numbers, [value.value for value in values], bars, fmt="o-", color=colour, capsize=3, label=title
            )
            unlimited = points["float"]
            left.axhline(unlimited.value, color=colour, linestyle="--")
            left.axhspan(
                unlimited.value - unlimited.error,
                unlimited.value + unlimited.error,
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
        left.plot([], [], color="black", linestyle="--", label="float image of all constituents")
        left.set_ylabel("macro-AUC")
        for index, name in enumerate(share["pt"]):
            right.plot(numbers, share["pt"][name], "o-", color=COLOURS[index], label=name)
            right.plot(numbers, share["mass"][name], "s--", color=COLOURS[index])
        right.plot([], [], color="black", linestyle="-", label=r"of $p_T$")
        right.plot([], [], color="black", linestyle="--", label="of the mass")
        right.set_ylim(0, 1.02)
        right.set_ylabel("mean fraction of the jet")
        for axes in (left, right):
            _candidates_axis(axes, numbers)
            axes.legend(loc="lower right")
        return figure


def _candidates_axis(axes: Any, numbers: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(numbers)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([str(number) for number in numbers])
    axes.set_xlabel("candidates")
