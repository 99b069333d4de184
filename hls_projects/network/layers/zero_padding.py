"""Zeros around an image."""

from __future__ import annotations

from typing import Any

from hls_projects.network import integer_ops as ops
from hls_projects.network.geometry import Geometry
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.moves import Move


class ZeroPadding(Move):
    """Keras' `ZeroPadding2D`; `node.padding` zeros."""

    kind = "ZeroPadding2D"
    rows = "added"

    def geometry(self, layer: Any) -> Geometry:
        """The zeros."""
        rows, columns = layer.padding
        return Geometry(padding=(tuple(rows), tuple(columns)))

    def move(self, x: Integers, node: Node) -> Integers:
        """The image inside."""
        return ops.pad(x, node.padding)


LAYER = ZeroPadding()
