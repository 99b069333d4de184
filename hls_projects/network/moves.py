"""The base of layers that only move numbers, or put zeros between them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from hls_projects.network.emulation import Names, StepWriter
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class Move(Layer):
    """A layer that changes no number."""

    moves = True
    costly = False

    @abstractmethod
    def move(self, x: Integers, node: Node) -> Integers:
        """Numbers [vectors, …] where the layer puts them, 0 where it puts a zero."""

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """The numbers of the input, moved."""
        return self.move(sources[0][0], node)

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """Wires, and constants for the zeros."""
        numbers = 1 + np.arange(inputs[0].size, dtype=np.int64)
        origin = self.move(numbers.reshape(1, *inputs[0].shape), node)[0]
        values: Values = inputs[0].ravel()
        if origin.all():
            return np.asarray(values[origin - 1])
        moved = writer.constants(np.zeros(origin.shape))
        moved[origin > 0] = values[origin[origin > 0] - 1]
        return moved

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """No step: offsets move as numbers do."""
        return writer.view(node, lambda offset: self.move(offset[None], node)[0])
