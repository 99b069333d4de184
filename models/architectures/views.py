"""Networks that look at all turned and mirrored copies of an image through the same filters."""

from __future__ import annotations

from models.architectures.architecture import Architecture, Network
from models.settings import ModelSettings


def networks(settings: ModelSettings, grid: str) -> tuple[Network, ...]:
    """Convolutions of all views, float and quantized."""
    from models.architectures import equal_size, view_network
    from models.architectures.float_and_quantized import both

    return both(settings, grid, view_network.build, equal_size.views_size)


ARCHITECTURE = Architecture(networks, {"views": "views of rotated copies"}, base="quantized_separable")
