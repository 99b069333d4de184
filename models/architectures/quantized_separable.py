"""The quantized separable tagger, with its float form and the float tagger with standard convolutions before it."""

from __future__ import annotations

from models.architectures.architecture import HARDWARE, Architecture, NetworkDefinition
from models.settings import ModelSettings


def networks(settings: ModelSettings, grid: str) -> tuple[NetworkDefinition, ...]:
    """Three networks of one topology."""
    from models.architectures import quantized_network, separable_network, standard_network

    return (
        NetworkDefinition("float_standard", "float standard", standard_network.build),
        NetworkDefinition("float_separable", "float separable", separable_network.build),
        NetworkDefinition(HARDWARE, "quantized separable", quantized_network.build, True, "float_separable"),
    )


ARCHITECTURE = Architecture(networks, {"plain": ""}, channel_bits=True, other_outputs=True)
