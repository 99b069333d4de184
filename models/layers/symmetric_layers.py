"""The layers with a symmetry by their class names in model files."""

from __future__ import annotations

from typing import Any

from models.layers.group_layers import GroupConv2D, GroupDense, GroupSeparableConv2D
from models.layers.hexagonal_pooling import HexagonalMaxPooling2D
from models.layers.view_layers import ViewConv2D, ViewDense, ViewSeparableConv2D

SYMMETRIC: dict[str, type[Any]] = {
    layer.__name__: layer
    for layer in (
        GroupConv2D,
        GroupDense,
        GroupSeparableConv2D,
        HexagonalMaxPooling2D,
        ViewConv2D,
        ViewDense,
        ViewSeparableConv2D,
    )
}
"""The layers by name."""
