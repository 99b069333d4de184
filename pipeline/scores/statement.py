"""What the user says of a network in `images.yaml`, where its training has left nothing; never guessed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.errors import ConfigurationError
from pipeline.configuration import load_kind

if TYPE_CHECKING:
    from data_prep.events.settings import EventImagesSettings
    from data_prep.images.jets import ImagesSettings
    from hls_projects.network.network import Network


@dataclass(frozen=True)
class Statement:
    """`--images-config` and `--no-classes` of a command.

    Attributes:
        file: `images.yaml`; None where none was given.
        settings: what it says.
        classes: whether the network's first output is one number for each of its classes.
        escape: what else a user can do where it is not, in messages.
    """

    file: Path | None
    settings: ImagesSettings | EventImagesSettings | None
    classes: bool
    escape: str = ", or give --no-classes"

    @classmethod
    def read(cls, file: Path | None, *, no_classes: bool) -> Statement:
        """Read the file, where there is one.

        Raises:
            ConfigurationError: it cannot be used, or `--no-classes` comes without it.
        """
        if file is None:
            if no_classes:
                raise ConfigurationError("--no-classes needs --images-config", remedy="give both, or neither")
            return cls(None, None, classes=False)
        from data_prep.events.settings import EventImagesSettings
        from data_prep.images.jets import ImagesSettings

        kinds: dict[str, type[ImagesSettings | EventImagesSettings]] = {
            "jets": ImagesSettings,
            "events": EventImagesSettings,
        }
        return cls(file, load_kind(file, kinds), classes=not no_classes)

    @property
    def configuration(self) -> dict[str, ImagesSettings | EventImagesSettings]:
        """For the manifest: the file by name, where there is one."""
        return {} if self.settings is None else {"images": self.settings}

    def complete(self, network: Network, *, labels: bool = True) -> Network:
        """The network with the meaning that is stated, where it has none of its own; else the two are compared.

        Args:
            network: with the meaning that its training left, or none.
            labels: whether the classes of the file are the labels of jets, which go by name; else they are the meaning
                of outputs, and so must be the network's in its order.

        Raises:
            ConfigurationError: naming every key that contradicts the network's training.
            InputFileError: images or classes that the network cannot have.
        """
        from hls_projects.network.meaning import require_fitting
        from models.files.meaning import Meaning

        if self.settings is None or self.file is None:
            return network
        given = self.settings.description
        if network.meaning is None:
            meaning = Meaning.stated(given, classes=self.classes)
            remedy = f"under 'classes', name each number of the first output in order{self.escape}"
            of_images = "describe the images that the network takes"
            require_fitting(meaning, network.graph, self.file, of_images=of_images, of_classes=remedy)
            return replace(network, meaning=meaning)
        network.meaning.require_same_images(given, self.file, configuration=True)
        if not labels and self.classes:
            network.meaning.require_same_classes(given, self.file, configuration=True)
        if not self.classes and network.meaning.classes:
            classes = ", ".join(network.meaning.classes)
            raise ConfigurationError(f"the network has the classes {classes}", remedy="leave --no-classes out")
        return network
