"""The meaning of a network's inputs and outputs as the user states it in `images.yaml`; it is never guessed."""

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
        file: `images.yaml`; None if it was not given.
        settings: its content.
        classes: whether the network's first output is one number for each of its classes.
        escape: the alternative for the user if it is not, in messages.
    """

    file: Path | None
    settings: ImagesSettings | EventImagesSettings | None
    classes: bool
    escape: str = ", or give --no-classes"

    @classmethod
    def read(cls, file: Path | None, *, no_classes: bool) -> Statement:
        """Read the file, if there is one.

        Raises:
            ConfigurationError: it cannot be used, or `--no-classes` is given without it.
        """
        if file is None:
            if no_classes:
                raise ConfigurationError("--no-classes needs --images-config", remedy="give both, or neither")
            return cls(None, None, classes=False)
        from data_prep.events.settings import EventImagesSettings
        from data_prep.images.jets import ImagesSettings

        settings_by_kind: dict[str, type[ImagesSettings | EventImagesSettings]] = {
            "jets": ImagesSettings,
            "events": EventImagesSettings,
        }
        return cls(file, load_kind(file, settings_by_kind), classes=not no_classes)

    @property
    def configuration(self) -> dict[str, ImagesSettings | EventImagesSettings]:
        """For the manifest: the settings by name, if there are any."""
        return {} if self.settings is None else {"images": self.settings}

    def complete(self, network: Network, *, labels: bool = True) -> Network:
        """The network with the stated meaning if it has none of its own; otherwise the two are compared.

        Args:
            network: with the meaning from its training, or none.
            labels: whether the classes of the file are labels of jets, which are matched by name; otherwise they are
                the meaning of the outputs and must be the network's in the same order.

        Raises:
            ConfigurationError: keys that contradict the network's training; the message names all of them.
            InputFileError: images or classes that the network cannot have.
        """
        from hls_projects.network.meaning import require_fitting
        from models.files.meaning import Meaning

        if self.settings is None or self.file is None:
            return network
        images = self.settings.description
        if network.meaning is None:
            meaning = Meaning.stated(images, classes=self.classes)
            remedy = f"under 'classes', name each number of the first output in order{self.escape}"
            of_images = "describe the images that the network takes"
            require_fitting(meaning, network.graph, self.file, of_images=of_images, of_classes=remedy)
            return replace(network, meaning=meaning)
        network.meaning.require_same_images(images, self.file, configuration=True)
        if not labels and self.classes:
            network.meaning.require_same_classes(images, self.file, configuration=True)
        if not self.classes and network.meaning.classes:
            classes = ", ".join(network.meaning.classes)
            raise ConfigurationError(f"the network has the classes {classes}", remedy="leave out --no-classes")
        return network
