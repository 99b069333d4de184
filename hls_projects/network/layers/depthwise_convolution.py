"""A convolution of every channel with a kernel of its own."""

from __future__ import annotations

from typing import Any

from hls_projects.network import integer_ops as ops
from hls_projects.network.geometry import Geometry
from hls_projects.network.integer_ops import Integers
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.products import Products


class DepthwiseConvolution(Products):
    """QKeras' `QDepthwiseConv2D` with one output a channel; kernel [rows, columns, channels, 1]."""

    kind = "QDepthwiseConv2D"
    kernel = "depthwise"

    def geometry(self, layer: Any) -> Geometry:
        """Kernel, strides and padding."""
        return Geometry.of_convolution(layer)

    def multiply(self, x: Integers, node: LayerTypes, kernel: Integers) -> Integers:
        """The sums of products, without bias."""
        return ops.depthwise_conv2d(x, kernel, node.strides, node.padding)


LAYER = DepthwiseConvolution()
