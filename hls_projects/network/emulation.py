"""The interface by which a plain layer plans its steps of the fast emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers

Names = set[str]
"""The layers that a step computes: the one that is planned, and those behind it that joined its step."""


class StepWriter(Protocol):
    """Steps on numbers that lie in memory; a tensor is the array of their offsets, 0 for a number that is zero."""

    def view(self, node: Node, move: Callable[[Integers], Integers]) -> Names:
        """No step: the same numbers, their offsets moved."""

    def concatenate(self, node: Node) -> Names:
        """All inputs, one behind the other along the last axis."""

    def cast(self, node: Node) -> Names:
        """Every number cast to the type of the result."""

    def clip(self, node: Node) -> Names:
        """Nothing below zero."""

    def pool(self, node: Node, reduction: Literal["sum", "max"]) -> Names:
        """The sum or the maximum of every window."""

    def add(self, node: Node) -> Names:
        """The sum of all inputs."""

    def sums(self, node: Node, terms: Callable[[Integers], Integers], *, separate: bool) -> Names:
        """Sums of products with the weights of the layer, plus its bias.

        Args:
            node: the layer.
            terms: from the offsets of the input, with the zeros around it that the layer reads, to [pixels, terms,
                channels]: what each output pixel reads.
            separate: whether a channel of the output reads its own channel alone.
        """

    def build(self, node: Node, builder: ImageBuilder) -> Names:
        """The image of candidates."""


class StepTail(Protocol):
    """The end of a step, where the layer that alone reads its numbers may join it."""

    def clip(self) -> bool:
        """Nothing below zero."""

    def cast(self, node: Node) -> bool:
        """A cast to the type of the result."""

    def pool(self, node: Node) -> bool:
        """The maximum of every window; only where it may move before the casts, and windows do not overlap."""
