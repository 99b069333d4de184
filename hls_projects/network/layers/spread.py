"""Zeros behind every row and column: what is left of a transposed convolution's strides."""

from __future__ import annotations

from hls_projects.network import integer_ops as ops
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.moves import Move


class Spread(Move):
    """No Keras layer: `rtl/forms/rewrite.py` makes it of reshapes and zeros.

    Every pixel becomes `node.window` pixels.
    """

    kind = "Spread"
    rows = "spread"

    def move(self, x: Integers, node: Node) -> Integers:
        """Each pixel at the top left of its window."""
        return ops.spread(x, node.window)


LAYER = Spread()
