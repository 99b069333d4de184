"""Networks invariant under rotations of a jet, on square and hexagonal pixels, and plain ones on hexagonal pixels."""

from __future__ import annotations

from models.architectures.architecture import Architecture, NetworkDefinition
from models.settings import ModelSettings


def networks(settings: ModelSettings, grid: str) -> tuple[NetworkDefinition, ...]:
    """Group convolutions, float and quantized."""
    from models.architectures import equal_size, group_network
    from models.architectures.float_and_quantized import float_and_quantized

    return float_and_quantized(settings, grid, group_network.build, equal_size.group_size)


ARCHITECTURE = Architecture(
    networks,
    {
        "p4": "symmetric under rotations by 90° (p4)",
        "p4m": "symmetric under rotations by 90° and reflections (p4m)",
        "hex": "hexagonal filters",
        "p6": "symmetric under rotations by 60° (p6)",
        "p6m": "symmetric under rotations by 60° and reflections (p6m)",
    },
    base="quantized_separable",
    normalisation=True,
)
