"""The configuration files of a run as settings, and as the plain content that a search changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.configuration import load
from pipeline.studies.search.settings import FILES

if TYPE_CHECKING:
    from data_prep.images.jets import ImagesSettings
    from data_prep.settings import Settings
    from hls_projects.settings import HardwareSettings
    from models.settings import ModelSettings, TrainSettings


@dataclass(frozen=True)
class Files:
    """The four configuration files that make a design of jets."""

    images: ImagesSettings
    model: ModelSettings
    train: TrainSettings
    hardware: HardwareSettings

    @property
    def content(self) -> dict[str, Any]:
        """Each as the mapping that its YAML is, defaults filled in."""
        return {name: getattr(self, name).model_dump(mode="json") for name in FILES}

    @property
    def by_name(self) -> dict[str, Settings]:
        """The settings by name."""
        return {name: getattr(self, name) for name in FILES}

    @property
    def design(self) -> str:
        """A name for all of them together: two points with the same one are the same design."""
        return _digest("".join(getattr(self, name).model_dump_json() for name in FILES))

    @property
    def image_set(self) -> str:
        """The folder of the images."""
        return image_set(self.images)

    @property
    def kin(self) -> str:
        """What networks must have in common to inherit weights."""
        return f"{self.model.architecture} {self.model.symmetry} {self.model.equal} {self.model.normalisation}"


def image_set(images: ImagesSettings) -> str:
    """The name of the folder of some images."""
    return f"images_{_digest(images.model_dump_json())}"


def files_of(content: dict[str, Any]) -> Files:
    """The settings of configuration files given as mappings.

    Raises:
        ValidationError: what is no valid configuration.
    """
    from data_prep.images.jets import ImagesSettings
    from hls_projects.settings import HardwareSettings
    from models.settings import ModelSettings, TrainSettings

    return Files(
        ImagesSettings.of_content(content["images"]),
        ModelSettings.of_content(content["model"]),
        TrainSettings.of_content(content["train"]),
        HardwareSettings.of_content(content["hardware"]),
    )


def read_files(folder: Path) -> Files:
    """The settings of the files in a folder, `images.yaml` and so on.

    Raises:
        ConfigurationError: a file that is missing or cannot be used.
    """
    from data_prep.images.jets import ImagesSettings
    from hls_projects.settings import HardwareSettings
    from models.settings import ModelSettings, TrainSettings

    return Files(
        load(folder / "images.yaml", ImagesSettings),
        load(folder / "model.yaml", ModelSettings),
        load(folder / "train.yaml", TrainSettings),
        load(folder / "hardware.yaml", HardwareSettings),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
