"""Regression: pT and mass of a jet from its image, alone or beside the tagger.

The truth is the jet of all its constituents as the detector gives them, not that of the generated particles; what the
network sees is the image of a trigger: few bits a pixel, coarse, cut off at the window. The loss is that of Huber
(1964, Annals of Mathematical Statistics 35, 73): quadratic up to the tolerance, linear beyond, so that the tails of the
response do not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import InputFileError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.images.batch import ImageBatch
from data_prep.images.mass import image_mass
from data_prep.store.jet_images import ImageDataset
from models.metrics.response import BinnedResponse, binned_response
from models.metrics.taggers import Performance, performance, softmax
from models.metrics.uncertainty import Uncertainties, uncertainties
from models.quantization.exact import exact_inference
from models.regression.heads import networks
from models.regression.settings import RegressionSettings
from models.settings import ModelSettings, TrainSettings
from models.training import tagging
from models.training.batches import Feed, survey
from models.training.in_turn import Progress, TrainedNetwork, of_jets, train_in_turn
from models.training.lessons import mixed
from models.training.objective import Lesson, Objective, joined, mean_weight, share

Floats = npt.NDArray[np.float32]

FEATURES = {"pt": "jet_pt", "mass": "jet_mass", "sdmass": "jet_sdmass"}
"""The feature of the dataset that each target is."""
IMAGE, PORT = "image", "port"
"""The baselines' names: pT and mass summed over the pixels, as they are and as the input port holds them."""
_BATCH = 4096


@dataclass(frozen=True)
class RegressionMeasurement:
    """All networks and the baseline on the test split.

    Attributes:
        targets: names of the numbers, in the order of the last axis.
        truth: float32 [jets, targets] (GeV).
        weight: float32 [jets].
        predicted: float32 [jets, targets] (GeV) by method.
        closures: by method, then by target.
        label, scores, performance, uncertainty: of the tagger beside it, where there is one.
    """

    targets: tuple[str, ...]
    truth: Floats
    weight: Floats
    predicted: dict[str, Floats]
    closures: dict[str, dict[str, BinnedResponse]]
    classes: tuple[str, ...] = ()
    label: npt.NDArray[np.uint8] | None = None
    scores: dict[str, Floats] | None = None
    performance: dict[str, Performance] | None = None
    uncertainty: Uncertainties | None = None

    def as_json(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        content: dict[str, Any] = {"task": "regression", "targets": self.targets}
        content["closure"] = {
            name: {target: part.as_json() for target, part in closures.items()}
            for name, closures in self.closures.items()
        }
        if self.performance is not None:
            content["classes"] = self.classes
            content["tagger"] = {name: part.as_json() for name, part in self.performance.items()}
        if self.uncertainty is not None:
            content["uncertainty"] = self.uncertainty.as_json()
        return content


def objective(settings: ModelSettings) -> Objective:
    """Huber's loss of every target in units of its tolerance; watched is the share of jets within it."""
    wanted = _section(settings)
    width = np.array([target.tolerance / target.unit for target in wanted.targets], np.float32)

    def distance(truth: Any, output: Any) -> Any:
        return tf.abs(output - truth) / width

    def huber(truth: Any, output: Any) -> Any:
        error = distance(truth, output)
        return tf.reduce_mean(tf.where(error < 1, 0.5 * error**2, error - 0.5), axis=-1)

    def within(truth: Any, output: Any) -> Any:
        return tf.reduce_mean(tf.cast(distance(truth, output) < 1, tf.float32), axis=-1)

    alone = Objective(
        targets=lambda batch: (truth_of(batch, wanted) / wanted.units,),
        specs=(tf.TensorSpec((None, len(wanted.targets)), tf.float32),),
        losses=(huber,),
        watched=share(within),
        mean_weight=mean_weight,
        lessons=(Lesson(tf.identity, mixed(huber)),),
    )
    if not wanted.beside_tagger:
        return alone
    return joined(tagging.OBJECTIVE, alone, (1.0, wanted.weight))


def truth_of(batch: ImageBatch, wanted: RegressionSettings) -> Floats:
    """The true values of a batch, float32 [jets, targets] (GeV)."""
    return np.stack([batch.features[FEATURES[target.name]] for target in wanted.targets], axis=1)


def train(
    dataset: ImageDataset, model: ModelSettings, settings: TrainSettings, work: Path, progress: Progress
) -> list[TrainedNetwork]:
    """Train the networks one after the other; a stopped call goes on where it was.

    Raises:
        ConfigurationError: a network that does not fit the images.
        TrainingSettingsError: a layer to be pruned that the quantized network does not have.
        InputFileError: a target that the dataset does not hold, images that cannot be trained on.
        PipelineError: a training that diverged.
    """
    wanted, aim = _section(model), objective(model)
    for split in ("train", "validation", "test"):
        _check(dataset, split, wanted)
    steps = [of_jets(network, model, dataset) for network in networks(model)]
    return train_in_turn(steps, dataset, settings, work, progress, aim)


def measure(
    dataset: ImageDataset, model: ModelSettings, trained: Sequence[TrainedNetwork], seed: int
) -> RegressionMeasurement:
    """Measure everything on the test split; the networks cannot be trained further after it.

    Args:
        dataset: the images.
        model: what is regressed.
        trained: the networks.
        seed: of the bootstrap of the errors.
    """
    wanted = _section(model)
    batches = list(dataset.split("test").batches(_BATCH))
    truth = np.concatenate([truth_of(batch, wanted) for batch in batches])
    weight = np.concatenate([batch.weight for batch in batches])
    label = np.concatenate([batch.label for batch in batches])
    predicted: dict[str, Floats] = {}
    scores: dict[str, Floats] = {}
    for trained_network in trained:
        outputs = predict(exact_inference(trained_network.model), dataset, "test")
        predicted[trained_network.network.name] = wanted.in_gev(outputs[-1])
        if wanted.beside_tagger:
            scores[trained_network.network.name] = softmax(outputs[0])
    grid = dataset.metadata.grid
    if isinstance(grid, SquareGrid) and dataset.shape[2] == 1:
        width = model.input
        port = FixedType(width.bits, width.integer, False, "RND_CONV", "SAT")
        predicted[IMAGE] = np.concatenate([_summed(batch, batch.value, grid, wanted) for batch in batches])
        predicted[PORT] = np.concatenate(
            [_summed(batch, port.to_float(port.quantize(batch.value)), grid, wanted) for batch in batches]
        )
    closures: dict[str, dict[str, BinnedResponse]] = {
        name: {
            target.name: binned_response(values[:, i], truth[:, i], target.edges, weight)
            for i, target in enumerate(wanted.targets)
        }
        for name, values in predicted.items()
    }
    names = tuple(target.name for target in wanted.targets)
    if not wanted.beside_tagger:
        return RegressionMeasurement(names, truth, weight, predicted, closures)
    measured = {name: performance(values, label, dataset.classes, weight) for name, values in scores.items()}
    errors = uncertainties(scores, label, dataset.classes, weight, seed)
    return RegressionMeasurement(
        names, truth, weight, predicted, closures, dataset.classes, label, scores, measured, errors
    )


def predict(model: keras.Model, dataset: ImageDataset, split: str) -> list[Floats]:
    """The outputs of a network for a split in its order, one float32 [jets, …] an output."""
    feed = Feed(dataset.split(split), _BATCH)
    call = tf.function(
        lambda images: model(images, training=False),
        input_signature=[tf.TensorSpec((None, *dataset.shape), tf.float32)],
    )
    parts: list[list[Floats]] = []
    try:
        for images, _, _ in feed.dataset(dataset.shape):
            outputs = call(images)
            parts.append([output.numpy() for output in (outputs if isinstance(outputs, list | tuple) else [outputs])])
    except tf.errors.OpError:
        feed.check()
        raise
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _summed(
    batch: ImageBatch, value: npt.NDArray[np.floating[Any]], grid: SquareGrid, wanted: RegressionSettings
) -> Floats:
    """A baseline: pT and mass of the pixels with these values, float32 [jets, targets] (GeV)."""
    values = value.astype(np.float32)
    mass = image_mass(batch.offsets, batch.pixel, values, np.ones(len(batch), np.float32), grid)
    jet = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    pt = np.bincount(jet, values, len(batch)).astype(np.float32)
    columns: list[Floats] = [pt if target.name == "pt" else mass for target in wanted.targets]
    return np.stack(columns, axis=1)


def _section(settings: ModelSettings) -> RegressionSettings:
    if settings.regression is None:
        raise ValueError("these settings are not those of a regression")
    return settings.regression


def _check(dataset: ImageDataset, split: str, wanted: RegressionSettings) -> None:
    if wanted.beside_tagger:
        survey(dataset, split)
    for batch in dataset.split(split).batches(1 << 16):
        values = truth_of(batch, wanted)
        lacking = ~np.isfinite(values).all(axis=0)
        if lacking.any():
            name = wanted.targets[int(lacking.argmax())].name
            raise InputFileError(
                f"jets of the '{split}' split have no true {name}",
                file=dataset.folder,
                remedy="make the images from files that hold it, or take another target in model.yaml",
            )
