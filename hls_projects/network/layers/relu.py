"""The rectifier: nothing below zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hls_projects.network.emulation import Names, StepTail, StepWriter
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import HlsFacts, Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class ReLU(Layer):
    """`max(x, 0)`."""

    kind = "ReLU"
    costly = False
    hls = HlsFacts(behind_flat="activation")

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """Nothing below zero."""
        return np.maximum(sources[0][0], 0)

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """Each value's own rectifier."""
        return writer.mapped(lambda value: value.relu(), inputs[0])

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """A step of its own."""
        return writer.clip(node)

    def join(self, tail: StepTail, node: Node) -> bool:
        """Behind any step."""
        return tail.clip()


LAYER = ReLU()
