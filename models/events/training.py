"""The tasks on event images: training, and what is predicted.

The images repeat columns beyond φ = ±π; outputs have all of them, and only the inner ones count, here and everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import InputFileError
from data_prep.events.batch import TOWER_CLASSES, EventBatch
from data_prep.grids.tower_geometry import Towers
from models.architectures.registry import ARCHITECTURES
from models.events import targets
from models.events.maps import Maps, heads
from models.events.settings import EventModelSettings
from models.events.task import event_task
from models.quantization.exact import exact_inference
from models.settings import TrainSettings
from models.training.in_turn import Progress, Step, TrainedNetwork, train_in_turn
from models.training.objective import Objective

Floats = npt.NDArray[np.float32]

BATCH = 32
"""Events that are predicted at a time."""
_FLOAT_BITS = 20


class EventSplit(Protocol):
    """One split of a dataset of events."""

    @property
    def rows(self) -> int:
        """The number of events."""

    @property
    def description(self) -> Any:
        """What the images are."""

    def batches(self, size: int, shuffle_seed: int | None = None) -> Iterator[EventBatch]:
        """The events in batches."""

    def order(self, shuffle_seed: int) -> npt.NDArray[np.int64]:
        """The rows in the order in which `batches` gives them with this seed."""


class EventImages(Protocol):
    """A dataset of event images."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns with the repeated ones, channels of the dense image."""

    @property
    def towers(self) -> Towers:
        """Where the towers lie."""

    def split(self, name: str) -> EventSplit:
        """One of `train`, `validation`, `test`."""


def objective(settings: EventModelSettings, wrap: int, shares: npt.ArrayLike, towers: Towers) -> Objective:
    """What a network of these settings is trained for.

    Args:
        settings: the task and the weights of its losses.
        wrap: repeated columns on each side of the image.
        shares: of each class among the training towers.
        towers: of the image.
    """
    return event_task(settings.task).objective(settings, wrap, shares, towers)


def train(
    dataset: EventImages, model: EventModelSettings, settings: TrainSettings, work: Path, progress: Progress
) -> list[TrainedNetwork]:
    """Train the float and the quantized U-Net; a stopped call goes on where it was.

    Raises:
        ConfigurationError: a depth that does not divide the image.
        TrainingSettingsError: a layer to be pruned that the quantized network does not have.
        InputFileError: events that cannot be trained on.
        PipelineError: a training that diverged.
    """
    counts, wrap = _survey(dataset)
    aim = objective(model, wrap, targets.class_shares(counts), dataset.towers)

    networks = ARCHITECTURES["unet"].networks(model, "towers")
    steps = [Step(network, model, dataset.shape, heads(model.task)) for network in networks]
    return train_in_turn(steps, dataset, settings, work, progress, aim)


def _survey(dataset: EventImages) -> tuple[npt.NDArray[np.int64], int]:
    """Training towers of each class, and the repeated columns."""
    counts, wrap, towers = np.zeros(len(TOWER_CLASSES), np.int64), 0, 0
    for batch in dataset.split("train").batches(512):
        counts += targets.count_classes(batch)
        wrap, towers = batch.wrap, towers + batch.tower.size
    if not towers:
        raise InputFileError(
            "all images of the 'train' split are empty", file=dataset.folder, remedy="lower 'pixel_min' in images.yaml"
        )
    return counts, wrap


def fraction(settings: EventModelSettings, *, quantized: bool) -> int:
    """Bits behind the point of the integers that `predictor` gives."""
    output = settings.unet.output
    return output.bits - 1 - output.integer if quantized else _FLOAT_BITS


def predictor(model: keras.Model, settings: EventModelSettings, quantized: bool) -> Callable[[EventBatch], Maps]:
    """A function that gives the outputs of a network for events; the network cannot be trained further after it."""
    if quantized:
        exact_inference(model)
    names = list(heads(settings.task))
    call = tf.function(
        lambda images: model(images, training=False), input_signature=[tf.TensorSpec(model.input.shape, tf.float32)]
    )
    bits = fraction(settings, quantized=quantized)

    def predict(batch: EventBatch) -> Maps:
        outputs = call(batch.dense())
        parts = outputs if isinstance(outputs, list | tuple) else [outputs]
        inner = [part.numpy()[:, :, batch.wrap : part.shape[2] - batch.wrap] for part in parts]
        raw = {name: np.rint(np.ldexp(part, bits)).astype(np.int64) for name, part in zip(names, inner, strict=True)}
        return Maps(raw, bits)

    return predict
