"""The window of a two-dimensional layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hls_projects.network import integer_ops as ops
from hls_projects.network.integer_ops import Pair, Zeros


@dataclass(frozen=True)
class Geometry:
    """Window, strides and padding; one pixel for layers that have no window.

    Attributes:
        window: rows and columns of the kernel, the pool, or one upsampled pixel.
        strides: steps of the window along rows and columns.
        padding: zeros before and after the rows, zeros before and after the columns.
    """

    window: Pair = (1, 1)
    strides: Pair = (1, 1)
    padding: Zeros = ops.NO_ZEROS

    @classmethod
    def of_convolution(cls, layer: Any) -> Geometry:
        """That of a Keras convolution."""
        window, strides = tuple(layer.kernel_size), tuple(layer.strides)
        size = layer.input_shape[1:3]
        same = ops.same_padding(size, window, strides) if layer.padding == "same" else ops.NO_ZEROS
        return cls(window, strides, same)

    @classmethod
    def of_pooling(cls, layer: Any) -> Geometry:
        """That of a Keras pooling layer."""
        return cls(tuple(layer.pool_size), tuple(layer.strides))
