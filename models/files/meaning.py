"""What the numbers at the inputs and outputs of a network mean: `meaning.json`, which goes with it from `train` on.

Images of another meaning are refused, and the error names the key (`Meaning.require_same_images`); outputs are named by
the classes of the training, in their order. Nothing here needs TensorFlow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ValidationError, model_validator

from data_prep.errors import ConfigurationError, InputFileError
from data_prep.events.batch import TOWER_CLASSES
from data_prep.events.settings import EventDescription
from data_prep.images.differences import Description, differences
from data_prep.settings import Settings
from data_prep.store.jet_images import ImageDescription
from models import registries
from models.events.settings import DetectionSettings, SegmentationSettings
from models.registries import TaskName
from models.regression.settings import RegressionSettings

MEANING = "meaning.json"
"""The file, in `30_model/`, in `40_lowered/` and in a bundle; `<model>.meaning.json` beside one model of several."""


def meaning_beside(model: Path) -> Path:
    """The path of the meaning of a model file: for it alone if there is one, else that of its folder."""
    of_model = model.with_suffix(f".{MEANING}")
    return of_model if of_model.exists() else model.with_name(MEANING)


class Meaning(Settings):
    """What the numbers at the inputs and outputs of one network are."""

    format: Literal[1] = 1
    """Version of this file format."""
    stated_by: Literal["training", "user"]
    """Where this comes from: the dataset that the network was trained on, or the user who provides the network."""
    task: TaskName | None
    """The task that it was trained for; none where it was not trained here."""
    images: ImageDescription | EventDescription
    """The images that it takes: grid, channels, steps, candidates, and of jets the classes of the dataset."""
    units: tuple[str, ...]
    """The unit of each channel of the images."""
    classes: tuple[str, ...]
    """The classes that the numbers of the first output stand for, in order; empty where there are no classes."""
    regression: RegressionSettings | None = None
    """The quantities of a jet that it estimates, with the unit of each, in the order of the outputs."""
    segmentation: SegmentationSettings | None = None
    """How the classes of towers were trained and are measured."""
    detection: DetectionSettings | None = None
    """The energy that an output of 1 stands for (GeV), and how jets are found in the outputs."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.units != self.images.units:
            raise ValueError(f"'units' of these images are {', '.join(self.images.units)}")
        expected = self.images.classes if isinstance(self.images, ImageDescription) else TOWER_CLASSES
        if self.classes not in ((), expected):
            raise ValueError(f"'classes' of these images are {', '.join(expected)}")
        return self

    @classmethod
    def of_training(cls, images: Description, network: Any) -> Meaning:
        """The meaning of a network that is trained here.

        Args:
            images: as the dataset describes them.
            network: the content of `model.yaml`, the settings of its task.

        Raises:
            ValueError: a task on events with images of jets, or the other way round.
        """
        facts = {"stated_by": "training", "task": network.task, "images": images, "units": images.units}
        task = registries.task(network.task)
        if (task.images == "jets") != isinstance(images, ImageDescription):
            raise ValueError(f"'task: {network.task}' is for images of {task.images}")
        classes = images.classes if isinstance(images, ImageDescription) else TOWER_CLASSES
        return cls.model_validate(facts | task.meaning(network, classes))

    @classmethod
    def stated(cls, images: Description, *, classes: bool) -> Meaning:
        """The meaning that the user states for a network that was not trained here.

        Args:
            images: as `images.yaml` describes them.
            classes: whether the first output is one number for each of its classes.
        """
        class_names = images.classes if classes and isinstance(images, ImageDescription) else ()
        return cls(stated_by="user", task=None, images=images, units=images.units, classes=class_names)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Rows, columns (of events with the repeated ones), channels of the image that the network takes."""
        rows, columns, channels = self.images.shape
        wrap = self.images.grid.wrap if isinstance(self.images, EventDescription) else 0
        return rows, columns + 2 * wrap, channels

    @property
    def without_scores(self) -> str:
        """Why the network has no scores of jets, in words; empty where it has them."""
        if isinstance(self.images, EventDescription):
            return f"it was made for events ({self.task or 'as the user stated'})"
        if self.classes:
            return ""
        if self.regression is not None:
            return f"it estimates {', '.join(target.name for target in self.regression.targets)} of a jet (GeV)"
        return "its outputs are not classes (--no-classes)"

    def require_same_images(self, images: Description, file: Path, *, configuration: bool = False) -> None:
        """Make sure that images are those that the network takes.

        Args:
            images: their description.
            file: the file that contains it: a dataset, or `images.yaml`.
            configuration: whether it is `images.yaml`.

        Raises:
            InputFileError, ConfigurationError: naming every key in which they differ, with both values.
        """
        differing = [(key.key, key.given, key.wanted) for key in differences(images, self.images)]
        self._refuse(differing, file, configuration)

    def require_same_classes(self, images: Description, file: Path, *, configuration: bool = False) -> None:
        """Make sure that labels mean what the outputs of the network mean, class by class in their order.

        Args:
            images: the images that the labels belong to.
            file: the file that contains their description.
            configuration: whether it is `images.yaml`.

        Raises:
            InputFileError, ConfigurationError: other classes, or the same ones in another order.
        """
        if not self.classes or not isinstance(images, ImageDescription) or images.classes == self.classes:
            return
        self._refuse([("classes", ", ".join(images.classes), ", ".join(self.classes))], file, configuration)

    def _refuse(self, differing: list[tuple[str, str, str]], file: Path, configuration: bool) -> None:
        if not differing:
            return
        trained = self.stated_by == "training"
        was = "the network was trained with" if trained else "for the network was stated"
        message = "; ".join(
            f"'{key}' is {value}, {was if i == 0 else 'not'} {expected}"
            for i, (key, value, expected) in enumerate(differing)
        )
        error = ConfigurationError if configuration else InputFileError
        reference = "it was trained on" if trained else "that were stated for it"
        raise error(message, file=file, remedy=f"give images made in the same way as those {reference}")

    def save(self, file: Path) -> None:
        """Write it."""
        file.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Meaning | None:
        """Read a `meaning.json`; None where there is none, as beside a network of the user.

        Raises:
            InputFileError: it cannot be read, or does not contain a meaning.
        """
        try:
            return cls.model_validate_json(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            reason = f"'{'.'.join(map(str, fault['loc'])) or 'file'}': {fault['msg'].removeprefix('Value error, ')}"
        except (OSError, ValueError) as error:
            reason = str(error)
        message = f"does not say what the inputs of the network are: {reason}"
        raise InputFileError(message, file=file, remedy="run the command that made it again, `train` or `lower`")
