"""The same numbers in another shape, in the same order."""

from __future__ import annotations

from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import HlsFacts
from hls_projects.network.moves import Move


class Reshape(Move):
    """Keras' `Reshape`."""

    kind = "Reshape"
    rows = "moved"
    hls = HlsFacts(vanishes=True)

    def move(self, x: Integers, node: Node) -> Integers:
        """Row by row, channels last."""
        return x.reshape(len(x), *node.shape)


LAYER = Reshape()
