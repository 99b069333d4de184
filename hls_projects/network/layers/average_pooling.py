"""The average of every window of an image."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from hls_projects.network import integer_ops as ops
from hls_projects.network.emulation import Names, StepWriter
from hls_projects.network.geometry import Geometry
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.interval import Interval
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class AveragePooling(Layer):
    """Keras' `AveragePooling2D` over 2, 4, 8, … pixels, windows inside the image: a sum with more fraction bits."""

    kind = "AveragePooling2D"
    rows = "window"
    float32 = "sums"

    def geometry(self, layer: Any) -> Geometry:
        """Pool and strides."""
        return Geometry.of_pooling(layer)

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """The sum over each window; the division is in the fraction of the result."""
        return ops.sum_pool(sources[0][0], node.window, node.strides)

    def fraction(self, node: Node, sources: Sequence[int]) -> int:
        """The sum's, and the bits that the division adds."""
        return sources[0] + _divided_bits(node)

    def partial_sums(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """Sums of some pixels. hls4ml divides in the accumulator, which needs the bits of the quotient too."""
        x, zero = sources[0], np.int64(0)
        low, high = (
            ops.sum_pool(end, node.window, node.strides) for end in (np.minimum(x.low, zero), np.maximum(x.high, zero))
        )
        return Interval(low, high, x.fraction).at(x.fraction + _divided_bits(node))

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """A tree of adders; the division moves the point."""
        size = node.window[0] * node.window[1]
        windows = writer.windows(inputs[0], node).reshape(-1, size)
        sums = writer.combined(windows, operator.add).reshape(node.shape)
        return writer.mapped(lambda value: value * (1.0 / size), sums)

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """A step of sums; the division is in the fraction."""
        return writer.pool(node, "sum")


def _divided_bits(node: Node) -> int:
    return (node.window[0] * node.window[1]).bit_length() - 1


LAYER = AveragePooling()
