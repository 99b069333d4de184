"""The same numbers in another shape, in the same order."""

from __future__ import annotations

from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import HlsFacts
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.moves import Move


class Reshape(Move):
    """Keras' `Reshape`."""

    kind = "Reshape"
    rows = "moved"
    hls = HlsFacts(vanishes=True)

    def move(self, x: Integers, node: LayerTypes) -> Integers:
        """Row by row, channels last."""
        return x.reshape(len(x), *node.shape)


LAYER = Reshape()
