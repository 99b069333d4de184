"""The cost of candidates as a figure: points where the numbers are, the float images as a line."""

from __future__ import annotations

import pytest

from models.metrics.bootstrap import ValueWithError
from pipeline.plots.candidates import candidate_cost
from pipeline.plots.style import svg_text

AUC = {"one": {"float": ValueWithError(0.9, 0.002), "8": ValueWithError(0.8, 0.003), "32": ValueWithError(0.88, 0.002)}}
SHARE = {"pt": {"q": [0.7, 0.95]}, "mass": {"q": [0.5, 0.9]}}


def test_points_lines_and_shares() -> None:
    figure = candidate_cost([8, 32], AUC, SHARE)
    left, right = figure.axes
    points = left.containers[0].lines[0]
    assert points.get_xdata().tolist() == [8, 32]
    assert points.get_ydata().tolist() == [0.8, 0.88]
    assert any(list(line.get_ydata()) == [0.9, 0.9] for line in left.lines)
    heights = left.containers[0].lines[2][0].get_segments()
    assert [segment[1][1] - segment[0][1] for segment in heights] == pytest.approx([0.006, 0.004])
    assert list(right.lines[0].get_ydata()) == [0.7, 0.95]
    assert list(right.lines[1].get_ydata()) == [0.5, 0.9]


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert svg_text(candidate_cost([8, 32], AUC, SHARE)) == svg_text(candidate_cost([8, 32], AUC, SHARE))
