"""What layers share that only move numbers, or put zeros between them."""

from __future__ import annotations

from abc import abstractmethod

from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights


class Move(Layer):
    """A layer that changes no number."""

    moves = True

    @abstractmethod
    def move(self, x: Integers, node: LayerTypes) -> Integers:
        """Numbers [vectors, …] where the layer puts them, 0 where it puts a zero."""

    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """The numbers of the input, moved."""
        return self.move(sources[0][0], node)
