"""What an architecture declares: its networks in the order of training, their titles, and which settings it takes.

An architecture is one file of this package with a line `ARCHITECTURE = Architecture(…)`. The file is imported whenever
a `model.yaml` is read, so TensorFlow is imported where a network is built, not at the top of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from data_prep.errors import ConfigurationError
from models.files.keras_warnings import quietly

if TYPE_CHECKING:
    from tensorflow import keras

Builder = Callable[[Any, tuple[int, int, int], Any], "keras.Model"]
"""(settings, image shape, outputs) to the untrained network. Outputs are the number of classes or, where a network has
several outputs, the channels of each by name."""

HARDWARE = "model"
"""The name of the network that is converted to firmware."""


@dataclass(frozen=True)
class NetworkDefinition:
    """One network to be trained.

    Attributes:
        name: its name in files and metrics.
        title: its name in tables and figures.
        builder: builds it.
        quantized: whether it is trained with the settings for quantized networks.
        starts_from: the network whose trained weights it may start from; that one is earlier in the list.
    """

    name: str
    title: str
    builder: Builder
    quantized: bool = False
    starts_from: str | None = None

    def build(self, settings: Any, shape: tuple[int, int, int], outputs: Any) -> keras.Model:
        """The untrained network.

        Args:
            settings: the content of `model.yaml`.
            shape: rows, columns, channels of the images.
            outputs: the number of classes, or the channels of every output by name.

        Raises:
            ConfigurationError: when the images are too small for its kernels and pooling windows.
        """
        try:
            with quietly():
                return self.builder(settings, shape, outputs)
        except ValueError as error:
            reason = next(iter(str(error).splitlines()), "")
            raise ConfigurationError(
                f"a network with these blocks does not fit images of {shape[0]} x {shape[1]} pixels: {reason}",
                remedy="use fewer blocks, smaller kernels or less pooling in model.yaml",
            ) from None


@dataclass(frozen=True)
class Architecture:
    """A family of networks with one topology.

    Attributes:
        networks: from the settings and the kind of the pixel grid its networks in the order of training; the last one
            goes on to hardware.
        symmetries: the words of `symmetry` that it builds, each with what it makes of a network, for people.
        images: what its networks take.
        base: the word of `architecture` that it belongs to; its own name where nothing is said.
        channel_bits: whether widths may be lists of bits, one for every channel.
        normalisation: whether it supports batch normalisation.
        other_outputs: whether tasks may replace its logits by other outputs, or add some.
    """

    networks: Callable[[Any, str], tuple[NetworkDefinition, ...]]
    symmetries: Mapping[str, str] = field(default_factory=dict)
    images: Literal["jets", "events"] = "jets"
    base: str | None = None
    channel_bits: bool = False
    normalisation: bool = False
    other_outputs: bool = False
