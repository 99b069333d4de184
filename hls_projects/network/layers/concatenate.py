"""Several tensors one behind the other, along the last axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hls_projects.network.emulation import Names, StepWriter
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.joining import aligned
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class Concatenate(Layer):
    """Keras' `Concatenate` along channels."""

    kind = "Concatenate"
    finer = True
    costly = False

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """The inputs with one fraction, joined."""
        return np.concatenate(aligned(node, sources), axis=-1)

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """Wires; every value knows its own fraction."""
        return np.concatenate(list(inputs), axis=-1)

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """No step where all inputs have one fraction and width."""
        return writer.concatenate(node)


LAYER = Concatenate()
