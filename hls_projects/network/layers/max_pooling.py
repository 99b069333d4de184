"""The maximum of every window of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_prep.fixed_point import FixedType
from hls_projects.network import integer_ops as ops
from hls_projects.network.emulation import Names, StepTail, StepWriter
from hls_projects.network.geometry import Geometry
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.interval import Interval
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class MaxPooling(Layer):
    """Keras' `MaxPooling2D`, with windows inside the image."""

    kind = "MaxPooling2D"
    rows = "window"

    def geometry(self, layer: Any) -> Geometry:
        """Pool and strides."""
        return Geometry.of_pooling(layer)

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """The maximum over each window."""
        return ops.max_pool(sources[0][0], node.window, node.strides)

    def partial_sums(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """The largest so far: any number of the input."""
        return sources[0]

    def accumulator(self, sums: Interval) -> FixedType:
        """It holds numbers of the input and never their sum, so it has a sign only where they do."""
        return sums.type

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """A tree of comparisons."""
        windows = writer.windows(inputs[0], node).reshape(-1, node.window[0] * node.window[1])
        return writer.combined(windows, writer.larger).reshape(node.shape)

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """A step of its own."""
        return writer.pool(node, "max")

    def join(self, tail: StepTail, node: Node) -> bool:
        """Behind a step whose casts are monotone."""
        return tail.pool(node)


LAYER = MaxPooling()
