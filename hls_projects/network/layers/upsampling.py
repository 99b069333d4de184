"""Nearest-neighbour upsampling: every pixel several times along rows and columns."""

from __future__ import annotations

from typing import Any

from hls_projects.network import integer_ops as ops
from hls_projects.network.geometry import Geometry
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.moves import Move


class UpSampling(Move):
    """Keras' `UpSampling2D`; every pixel becomes `node.window` pixels."""

    kind = "UpSampling2D"
    rows = "repeated"

    def geometry(self, layer: Any) -> Geometry:
        """Pixels that one becomes."""
        return Geometry(window=tuple(layer.size))

    def move(self, x: Integers, node: Node) -> Integers:
        """Pixels repeated."""
        return ops.upsample(x, node.window)


LAYER = UpSampling()
