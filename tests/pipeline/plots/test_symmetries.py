"""Networks against their cost as a figure: a point each, with the spread of its trainings."""

from __future__ import annotations

import pytest

from pipeline.plots.style import svg_text
from pipeline.plots.symmetries import Point, auc_against_cost

POINTS = [Point("plain", 28_000, 0.86, 0.002), Point("p4", 81_000, 0.88, 0.0)]


def test_a_point_and_a_bar_each() -> None:
    figure = auc_against_cost(POINTS)
    first, second = figure.axes[0].containers
    assert (first.lines[0].get_xdata()[0], first.lines[0].get_ydata()[0]) == (28.0, 0.86)
    assert (second.lines[0].get_xdata()[0], second.lines[0].get_ydata()[0]) == (81.0, 0.88)
    ((low, high),) = [segment[:, 1] for segment in first.lines[2][0].get_segments()]
    assert high - low == pytest.approx(0.004)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["plain", "p4"]


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert svg_text(auc_against_cost(POINTS)) == svg_text(auc_against_cost(POINTS))
