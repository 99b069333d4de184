"""A two-dimensional convolution with quantized weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hls_projects.network import integer_ops as ops
from hls_projects.network.geometry import Geometry
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights
from hls_projects.network.products import Products


class Convolution(Products):
    """QKeras' `QConv2D`; kernel [rows, columns, in, out]."""

    kind = "QConv2D"
    pads = True
    rows = "window"
    kernel = "kernel"

    def geometry(self, layer: Any) -> Geometry:
        """Kernel, strides and padding."""
        return Geometry.of_convolution(layer)

    def multiply(self, x: Integers, node: Node, kernel: Integers) -> Integers:
        """The sums of products, without bias."""
        return ops.conv2d(x, kernel, node.strides, node.padding)

    def terms(self, x: Integers, node: Node) -> Integers:
        """The pixels of each window."""
        return ops.patches(x, node.window, node.strides)

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """One product of a window and the kernel for every pixel."""
        kernel, bias = self.reals(node, weights)
        matrix = kernel.reshape(-1, kernel.shape[-1])
        pixels = np.moveaxis(writer.windows(inputs[0], node), 2, -1).reshape(-1, len(matrix))
        return np.stack([writer.product(pixel, matrix, bias) for pixel in pixels]).reshape(node.shape)


LAYER = Convolution()
