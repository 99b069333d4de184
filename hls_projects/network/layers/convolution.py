"""A two-dimensional convolution with quantized weights."""

from __future__ import annotations

from hls_projects.network import integer_ops as ops
from hls_projects.network.integer_ops import Integers
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.products import Products


class Convolution(Products):
    """QKeras' `QConv2D`; kernel [rows, columns, in, out]."""

    kind = "QConv2D"

    def multiply(self, x: Integers, node: LayerTypes, kernel: Integers) -> Integers:
        """The sums of products, without bias."""
        return ops.conv2d(x, kernel, node.strides, node.padding)


LAYER = Convolution()
