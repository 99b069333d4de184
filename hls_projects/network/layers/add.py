"""The sum of several tensors of one shape."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from hls_projects.network.emulation import Names, StepWriter
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.joining import aligned
from hls_projects.network.layer import HlsFacts, Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class Add(Layer):
    """Keras' `Add`."""

    kind = "Add"
    finer = True
    hls = HlsFacts(behind_flat="sum")
    float32 = "sums"

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """The sum of the inputs with one fraction."""
        return np.asarray(sum(aligned(node, sources)))

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """A tree of adders."""
        terms = np.stack([x.ravel() for x in inputs], axis=1)
        return writer.combined(terms, operator.add).reshape(node.shape)

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """A step."""
        return writer.add(node)


LAYER = Add()
