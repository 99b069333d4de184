"""A convolution of every channel with a kernel of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hls_projects.network import integer_ops as ops
from hls_projects.network.geometry import Geometry
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import HlsFacts
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights
from hls_projects.network.products import Products


class DepthwiseConvolution(Products):
    """QKeras' `QDepthwiseConv2D` with one output a channel; kernel [rows, columns, channels, 1]."""

    kind = "QDepthwiseConv2D"
    separate = True
    pads = True
    rows = "window"
    kernel = "depthwise"
    hls = HlsFacts(weight="depthwise", aborts="a depthwise convolution")

    def geometry(self, layer: Any) -> Geometry:
        """Kernel, strides and padding."""
        return Geometry.of_convolution(layer)

    def multiply(self, x: Integers, node: Node, kernel: Integers) -> Integers:
        """The sums of products, without bias."""
        return ops.depthwise_conv2d(x, kernel, node.strides, node.padding)

    def terms(self, x: Integers, node: Node) -> Integers:
        """The pixels of each window."""
        return ops.patches(x, node.window, node.strides)

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """One product of a window and a kernel for every pixel and channel."""
        kernel, bias = self.reals(node, weights)
        windows = writer.windows(inputs[0], node)
        image: Values = np.empty(node.shape, dtype=object)
        for channel in range(node.shape[2]):
            matrix = kernel[:, :, channel, 0].reshape(-1, 1)
            pixels = windows[:, :, channel].reshape(-1, len(matrix))
            sums = [writer.product(pixel, matrix, bias[channel : channel + 1]) for pixel in pixels]
            image[:, :, channel] = np.concatenate(sums).reshape(node.shape[:2])
        return image


LAYER = DepthwiseConvolution()
