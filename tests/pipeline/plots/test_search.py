"""The figure of a search: what it shows are the designs that it is given, and all of it can be read."""

from __future__ import annotations

import doctest
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.plots import search
from pipeline.plots.search import Point, pareto_front
from pipeline.plots.style import svg_text

FRONT = [
    Point(30_000, 0.86, 0.002, 14, True),
    Point(12_000, 0.84, 0.002, 12, True),
    Point(11_600, 0.8395, 0.002, 18),  # its number has no room above it
    Point(2_000, 0.78, 0.003, 8),
]
OTHERS = [
    Point(20_000, 0.82, 0.002, 9),
    Point(15_000, 0.85, 0.002, 31, within=False),
    Point(60_000, 0.89, 0.002, 15, within=False),  # better than all of the front
    Point(3_000, 0.51, 0.002, 9),
]
BASE = Point(50_000, 0.85, 0.002, 16, within=False)
LIMITS: dict[str, int | None] = {"lut": 40_000, "clocks": 20, "interval": None}


def shown(figure: Figure) -> dict[str, Any]:
    """The points by what the legend calls them."""
    return {
        str(each.get_label()): [tuple(map(float, xy)) for xy in each.get_offsets()]
        for each in figure.axes[0].collections
        if not str(each.get_label()).startswith("_")
    }


def test_doctest() -> None:
    assert doctest.testmod(search).failed == 0


def test_its_points_are_the_designs() -> None:
    figure = pareto_front(FRONT, [*OTHERS, BASE], BASE, LIMITS)
    assert shown(figure) == {
        "other trials": [(20_000, 0.82), (3_000, 0.51)],
        "beyond the limits": [(15_000, 0.85), (60_000, 0.89)],
        "front, synthesised": [(30_000, 0.86), (12_000, 0.84)],
        "front, estimated": [(11_600, 0.8395), (2_000, 0.78)],
        "hand-made": [(50_000, 0.85)],
    }
    axes = figure.axes[0]
    numbers = {(each.xy, each.get_text()) for each in axes.texts}
    assert numbers == {((each.lut, each.auc), str(each.clocks)) for each in (*FRONT, BASE)}
    low, high = axes.get_ylim()
    assert low < 0.78
    assert high > 0.89, "a better design is not cut off"


def test_limits_are_marked() -> None:
    def lines(limits: dict[str, int | None]) -> dict[str, Any]:
        drawn = pareto_front(FRONT, [], None, limits).axes[0].lines
        return {str(each.get_label()): list(each.get_xdata()) for each in drawn if each.get_linestyle() == "--"}

    assert lines(LIMITS) == {"at most 40,000 LUT, 20 clocks": [40_000, 40_000]}
    assert lines(LIMITS | {"lut": None}) == {"at most 20 clocks": []}, "named, though it has no place"
    assert lines(dict.fromkeys(LIMITS)) == {}


def test_nothing_lies_over_another() -> None:
    """As they are drawn: numbers on numbers, numbers on designs, the legend on the axes."""
    figure = pareto_front(FRONT, OTHERS, BASE, LIMITS)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    axes, (legend,) = figure.axes[0], figure.legends
    boxes = [each.get_window_extent(renderer) for each in axes.texts]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    designs = axes.transData.transform([(each.lut, each.auc) for each in (*FRONT, BASE)])
    assert not [(box, xy) for box in boxes for xy in designs if box.contains(*xy)]
    assert not legend.get_window_extent(renderer).overlaps(axes.get_window_extent(renderer))
    assert all(figure.bbox.contains(*corner) for box in boxes for corner in np.reshape(box.extents, (2, 2)))


@pytest.mark.parametrize("others", [[], OTHERS])
def test_without_a_front_there_is_still_a_figure(others: list[Point]) -> None:
    figure = pareto_front([], others, None, LIMITS)
    assert ("front, estimated" in shown(figure)) is False
    assert svg_text(figure) == svg_text(pareto_front([], others, None, LIMITS))


def test_a_design_of_front_json() -> None:
    said = {"lut": None, "lut_estimate": 900, "macro_auc": 0.8, "macro_auc_error": 0.01, "clocks": 9, "within": True}
    assert Point.of(said) == (900, 0.8, 0.01, 9, False, True)
    assert Point.of(said | {"lut": 950, "within": False}) == (950, 0.8, 0.01, 9, True, False)
