"""The U-Net of the tasks on events, float and quantized."""

from __future__ import annotations

from functools import partial

from models.architectures.architecture import HARDWARE, Architecture, NetworkDefinition
from models.events.settings import EventModelSettings

FLOAT = "float_unet"
"""The name of the float network."""


def networks(settings: EventModelSettings, grid: str) -> tuple[NetworkDefinition, ...]:
    """Two networks of one topology, with the outputs of the task."""
    from models.architectures import unet_network

    return (
        NetworkDefinition(FLOAT, "float U-Net", partial(unet_network.build, quantized=False)),
        NetworkDefinition(HARDWARE, "quantized U-Net", partial(unet_network.build, quantized=True), True, FLOAT),
    )


ARCHITECTURE = Architecture(networks, images="events")
