"""Which networks a word in `model.yaml` stands for; a new architecture is one file and one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tensorflow import keras

from data_prep.errors import ConfigurationError
from models.architectures import (
    equal_size,
    group_network,
    quantized_network,
    separable,
    standard,
    view_network,
)
from models.architectures.number_forms import Numbers
from models.files.quiet import quietly
from models.settings import Architecture, ModelSettings
from models.symmetry.choice import group_of

Builder = Callable[[ModelSettings, tuple[int, int, int], int], keras.Model]

HARDWARE = "model"
"""The name of the network that goes on to hardware."""

FLOAT_SYMMETRIC = "float_symmetric"
"""The name of the float counterpart of a network with a symmetry."""


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
            with quietly():
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
        Network(HARDWARE, "quantized separable", quantized_network.build, True, "float_separable"),
    ),
}
"""The plain networks of each architecture in the order of training; the last one goes on to hardware."""


def networks(settings: ModelSettings, grid: str = "square") -> tuple[Network, ...]:
    """The networks that these settings stand for, on images of a grid of this kind.

    One with a symmetry has its float counterpart, from which its training may start.
    """
    word = settings.symmetry
    if word == "plain":
        return NETWORKS[settings.architecture]
    return (
        Network(FLOAT_SYMMETRIC, f"float {word}", _symmetric(grid, Numbers(quantized=False))),
        Network(HARDWARE, f"quantized {word}", _symmetric(grid, Numbers(quantized=True)), True, FLOAT_SYMMETRIC),
    )


def _symmetric(grid: str, numbers: Numbers) -> Builder:
    """Makes the network with a symmetry, of the size that the settings ask for."""

    def build(settings: ModelSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
        group = group_of(settings.symmetry, grid, shape)
        of_views = settings.symmetry == "views"
        size = equal_size.views_size if of_views else equal_size.group_size
        settings = equal_size.equalised(settings, shape, classes, lambda each: size(each, shape, classes, group))
        made = view_network if of_views else group_network
        return made.build(settings, shape, classes, group, numbers)

    return build
