"""Networks that know symmetries beside plain ones: trained on the same jets, measured on jets as they are and turned.

Every variant is trained with several seeds, and stated is the mean over them with the standard deviation of one: how
much a training differs by chance, which the statistical error of the test jets does not hold.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from tensorflow import keras

from data_prep.errors import InputFileError
from data_prep.grids.any_grid import AnyGrid
from data_prep.images.augment import AugmentationSettings
from data_prep.images.jets import ImagesSettings
from data_prep.settings import Seed, Settings
from data_prep.steps.order import Steps
from data_prep.store.jet_images import ImageDataset
from models.architectures.equal_size import scaled
from models.architectures.registry import HARDWARE, networks
from models.metrics.taggers import performance
from models.quantization.exact import exact_inference
from models.settings import ModelSettings, Symmetry, TrainSettings
from models.training.in_turn import Progress
from models.training.scores import predict, truth
from models.training.taggers import Tagger, train_networks

BASE = "base"
"""The images that images.yaml describes."""
UPRIGHT, TURNED = "as they are", "turned"
"""The two sets of test jets."""
WORKING_POINT = 0.5
"""The signal efficiency of the background rejections."""


class ImageSetSettings(Settings):
    """Images that differ from those of images.yaml."""

    grid: AnyGrid | None = None
    """Other pixels."""
    steps: Steps | None = None
    """Other preprocessing steps."""

    def of(self, images: ImagesSettings) -> ImagesSettings:
        """The settings of these images.

        Raises:
            ValidationError: steps that do not go with the grid.
        """
        given = {name: value for name in ("grid", "steps") if (value := getattr(self, name)) is not None}
        return ImagesSettings.model_validate(images.model_copy(update=given).model_dump())


class VariantSettings(Settings):
    """One way to deal with turned jets."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Its name in files."""
    title: str | None = None
    """Its name in tables and figures; the name where nothing is given."""
    symmetry: Symmetry = "plain"
    """What the network knows, instead of the word in model.yaml."""
    images: str = BASE
    """The images that it is trained and measured on."""
    augmentation: AugmentationSettings = AugmentationSettings()
    """What is done to training images at random."""
    width: float = Field(default=1.0, ge=1 / 64, le=64)
    """Factor on all filters and hidden units of model.yaml."""


class SymmetryStudySettings(Settings):
    """What `symmetries.yaml` holds."""

    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=1000)
    """Seeds of the trainings; every variant is trained with each."""
    turn_seed: Seed = 1
    """Seed of the angles by which test jets are turned."""
    images: dict[str, ImageSetSettings] = Field(default_factory=dict)
    """Further image sets by name."""
    variants: tuple[VariantSettings, ...] = Field(min_length=1)
    """What is compared."""

    @model_validator(mode="after")
    def _names(self) -> Self:
        for title, names in (("seeds", self.seeds), ("names of variants", [variant.name for variant in self.variants])):
            if len(set(names)) < len(names):
                raise ValueError(f"two {title} are the same")
        if BASE in self.images:
            raise ValueError(f"the images '{BASE}' are those of images.yaml")
        for variant in self.variants:
            if variant.images not in (BASE, *self.images):
                raise ValueError(f"variant '{variant.name}': there are no images '{variant.images}'")
        return self

    @property
    def image_sets(self) -> tuple[str, ...]:
        """The image sets that variants use."""
        return tuple(dict.fromkeys(variant.images for variant in self.variants))


def network_of(variant: VariantSettings, model: ModelSettings) -> ModelSettings:
    """The network of a variant."""
    return scaled(model.model_copy(update={"symmetry": variant.symmetry}), variant.width)


def training_of(variant: VariantSettings, how: TrainSettings, seed: int) -> TrainSettings:
    """How a variant is trained."""
    return how.model_copy(update={"seed": seed, "augmentation": variant.augmentation})


def require_buildable(settings: SymmetryStudySettings, model: ModelSettings, images: dict[str, ImagesSettings]) -> None:
    """Build every network once, before any work.

    Raises:
        ConfigurationError: a network that does not go with its images.
    """
    for variant in settings.variants:
        description = images[variant.images].description
        network = network_of(variant, model)
        for candidate in networks(network, description.grid.kind):
            candidate.build(network, description.shape, len(description.classes))
        keras.backend.clear_session()


@dataclass(frozen=True)
class VariantQuality:
    """How well one network separates one set of test jets.

    Attributes:
        macro_auc: the mean of the AUCs by class.
        auc: by class.
        rejection: 1/eps_B at `WORKING_POINT` by class, None where no background jet passes.
    """

    macro_auc: float
    auc: dict[str, float]
    rejection: dict[str, float | None]


@dataclass(frozen=True)
class TrainedVariant:
    """One training of one variant.

    Attributes:
        quality: by network (`float`, `quantized`) and test jets (`UPRIGHT`, `TURNED`).
        changed: by network, the share of test jets that are taken for another class when they are turned.
        parameters, multiplications, bit_operations: of the quantized network.
    """

    quality: dict[str, dict[str, VariantQuality]]
    changed: dict[str, float]
    parameters: int
    multiplications: int
    bit_operations: int

    def as_json(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self)

    @classmethod
    def of_json(cls, content: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        quality = {
            name: {jets: VariantQuality(**values) for jets, values in sets.items()}
            for name, sets in content["quality"].items()
        }
        return cls(**(content | {"quality": quality}))


def train_variant(
    upright: ImageDataset,
    turned: ImageDataset,
    model: ModelSettings,
    how: TrainSettings,
    work: Path,
    progress: Progress,
) -> tuple[TrainedVariant, keras.Model]:
    """Train the float and the quantized network of a variant; a stopped call goes on where it was.

    Args:
        upright: images of the jets as they are; the networks learn from them.
        turned: images of the same jets, turned, for the test.
        model: the network.
        how: the training.
        work: a folder for checkpoints, of these settings and images alone.
        progress: opens a progress bar.

    Returns:
        what was measured, and the quantized network.

    Raises:
        ConfigurationError: a network that does not fit the images.
        InputFileError: images that cannot be trained on, or of other jets.
        PipelineError: a training that diverged.
    """
    keras.backend.clear_session()
    taggers = train_networks(upright, model, how, work, progress, only=(HARDWARE,))
    label, weight = truth(upright, "test")
    if not np.array_equal(label, truth(turned, "test")[0]):
        raise InputFileError("rotated and unrotated test jets are not the same jets", file=turned.folder)
    quality, changed = {}, {}
    for tagger in taggers:
        scores = _scores(tagger, {UPRIGHT: upright, TURNED: turned})
        name = "quantized" if tagger.network.quantized else "float"
        quality[name] = {jets: _quality(outputs, label, upright.classes, weight) for jets, outputs in scores.items()}
        other = scores[UPRIGHT].argmax(axis=1) != scores[TURNED].argmax(axis=1)
        changed[name] = float(np.average(other, weights=weight))
    last = taggers[-1]
    total = last.arithmetic.total
    return TrainedVariant(quality, changed, total.parameters, total.multiplications, total.bit_operations), last.model


def _scores(tagger: Tagger, sets: dict[str, ImageDataset]) -> dict[str, npt.NDArray[np.float32]]:
    exact = exact_inference(tagger.model)
    return {jets: predict(exact, dataset, "test") for jets, dataset in sets.items()}


def _quality(
    scores: npt.NDArray[np.float32],
    label: npt.NDArray[np.uint8],
    classes: tuple[str, ...],
    weight: npt.NDArray[np.float32],
) -> VariantQuality:
    measured = performance(scores, label, classes, weight)
    rejections = {name: point.rejection for name, point in measured.rejection[str(WORKING_POINT)].items()}
    return VariantQuality(
        measured.macro_auc or 0.0, {name: area or 0.0 for name, area in measured.auc.items()}, rejections
    )


def spread_of(values: Sequence[float | None]) -> dict[str, float | None]:
    """Mean and standard deviation over the trainings; None where one was not measured, or there is only one.

    >>> spread_of([1.0, 2.0, 3.0])
    {'mean': 2.0, 'spread': 1.0}
    >>> spread_of([1.0, None]), spread_of([1.0])
    ({'mean': None, 'spread': None}, {'mean': 1.0, 'spread': None})
    """
    measured = [value for value in values if value is not None]
    if len(measured) < len(values):
        return {"mean": None, "spread": None}
    return {"mean": statistics.fmean(measured), "spread": statistics.stdev(measured) if len(measured) > 1 else None}


def summary(variant: VariantSettings, trained: Sequence[TrainedVariant]) -> dict[str, Any]:
    """A variant over all seeds, for the JSON file of the study."""
    first = trained[0]

    def over(network: str, jets: str) -> dict[str, Any]:
        qualities = [training.quality[network][jets] for training in trained]
        return {
            "macro_auc": spread_of([quality.macro_auc for quality in qualities]),
            "auc": {name: spread_of([quality.auc[name] for quality in qualities]) for name in qualities[0].auc},
            "rejection": {
                name: spread_of([quality.rejection[name] for quality in qualities]) for name in qualities[0].rejection
            },
        }

    return {
        "title": variant.title or variant.name,
        "symmetry": variant.symmetry,
        "images": variant.images,
        "parameters": first.parameters,
        "multiplications": first.multiplications,
        "bit_operations": first.bit_operations,
        "networks": {
            network: {jets: over(network, jets) for jets in sets}
            | {"changed": spread_of([training.changed[network] for training in trained])}
            for network, sets in first.quality.items()
        },
        "trainings": [training.as_json() for training in trained],
    }
