"""Sliding windows: the worked examples of the guide; random ones are held by the costs of Keras' layers."""

from __future__ import annotations

import doctest

from models.layers import window_geometry as geometry


def test_doctests() -> None:
    result = doctest.testmod(geometry)
    assert result.attempted > 4
    assert result.failed == 0


def test_dumoulin_visin_examples() -> None:
    """The worked examples of chapters 2, 4 and 5 of the guide."""
    assert geometry.output_size(5, 4, padding=2) == 6  # arbitrary padding, figure 2.2
    assert geometry.output_size(5, 3, padding=1) == 5  # half padding, figure 2.3
    assert geometry.output_size(5, 3, padding=2) == 7  # full padding, figure 2.4
    assert geometry.output_size(5, 3, stride=2) == 2  # strides, figure 2.5
    assert geometry.output_size(6, 3, stride=2, padding=1) == 3  # figure 2.7, the last column is not read
    assert geometry.output_size(7, 3, dilation=2) == 3  # dilation, figure 5.1
    assert geometry.transposed_output_size(6, 4, padding=2) == 5  # figure 4.2
    assert geometry.transposed_output_size(2, 3, stride=2) == 5  # figure 4.5
