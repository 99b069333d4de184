"""Networks that apply the same filters to all turned and mirrored copies of an image."""

from __future__ import annotations

from models.architectures.architecture import Architecture, NetworkDefinition
from models.settings import ModelSettings


def networks(settings: ModelSettings, grid: str) -> tuple[NetworkDefinition, ...]:
    """Convolutions of all views, float and quantized."""
    from models.architectures import equal_size, view_network
    from models.architectures.float_and_quantized import float_and_quantized

    return float_and_quantized(settings, grid, view_network.build, equal_size.views_size)


ARCHITECTURE = Architecture(networks, {"views": "views of rotated copies"}, base="quantized_separable")
