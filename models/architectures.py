"""Which networks a word in `model.yaml` stands for; a new architecture is one file and one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tensorflow import keras

from data_prep.errors import ConfigurationError
from models import quantized_separable, separable, standard
from models.settings import Architecture, ModelSettings

Builder = Callable[[ModelSettings, tuple[int, int, int], int], keras.Model]

HARDWARE = "model"
"""The name of the network that goes on to hardware."""


@dataclass(frozen=True)
class Network:
    """One network to be trained.

    Attributes:
        name: its name in files and metrics.
        title: its name for people.
        builder: makes it from the settings, the image shape and the number of classes.
        quantized: whether it is trained by the settings for quantized networks.
        starts_from: the network whose trained weights it may start from; it stands earlier in the list.
    """

    name: str
    title: str
    builder: Builder
    quantized: bool = False
    starts_from: str | None = None

    def build(self, settings: ModelSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
        """The untrained network.

        Raises:
            ConfigurationError: when the images are too small for its kernels and pooling windows.
        """
        try:
            return self.builder(settings, shape, classes)
        except ValueError as error:
            reason = next(iter(str(error).splitlines()), "")
            raise ConfigurationError(
                f"a network with these blocks does not fit images of {shape[0]} x {shape[1]} pixels: {reason}",
                remedy="use fewer blocks, smaller kernels or less pooling in model.yaml",
            ) from None


NETWORKS: dict[Architecture, tuple[Network, ...]] = {
    "quantized_separable": (
        Network("float_standard", "float standard", standard.build),
        Network("float_separable", "float separable", separable.build),
        Network(HARDWARE, "quantized separable", quantized_separable.build, True, "float_separable"),
    ),
}
"""The networks of each architecture in the order of training; the last one goes on to hardware."""
