"""The tasks on event images: segmentation, detection, and both at once; losses, training, what is predicted.

The images repeat columns beyond φ = ±π; outputs have all of them, and only the inner ones count, here and everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import InputFileError
from data_prep.events.batch import TOWER_CLASSES, EventBatch
from data_prep.grids.tower_geometry import Towers
from models.architectures import unet
from models.architectures.registry import HARDWARE
from models.quantization.exact import exact_inference
from models.settings import TrainSettings
from models.tasks import event_targets
from models.tasks.event_maps import Maps, heads
from models.tasks.event_settings import EventModelSettings
from models.tasks.event_targets import BOX_CHANNELS
from models.training.in_turn import Progress, Step, Trained, train_in_turn
from models.training.objective import Objective, mean_weight, share

Floats = npt.NDArray[np.float32]

FLOAT = "float_unet"
"""The name of the float network."""
TITLES = {FLOAT: "float U-Net", HARDWARE: "quantized U-Net"}
"""The networks of these tasks in the order of training."""
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


@dataclass(frozen=True)
class Network:
    """A name for files and metrics, and one for people."""

    name: str
    title: str


def _truth_of_jets(batch: EventBatch, settings: EventModelSettings, towers: Towers) -> tuple[Floats, ...]:
    """The targets of a detection."""
    return event_targets.centres(batch, settings.detection, towers)


def objective(settings: EventModelSettings, wrap: int, shares: npt.ArrayLike, towers: Towers) -> Objective:
    """What a network of these settings is trained for.

    Args:
        settings: the task and the weights of its losses.
        wrap: repeated columns on each side of the image.
        shares: of each class among the training towers.
        towers: of the image.
    """
    wanted = settings.detection
    weights = event_targets.class_weights(shares, settings.segmentation.class_weighting)
    image, segmented, found = (None, None, None), _segmentation_loss(weights, wrap), _detection_losses(wrap)
    specs = (
        tf.TensorSpec((*image, 2), tf.float32),
        tf.TensorSpec((*image, 2), tf.float32),
        tf.TensorSpec((*image, BOX_CHANNELS + 1), tf.float32),
    )
    counts = (1.0, wanted.pt_weight, wanted.box_weight)
    if settings.task == "segmentation":
        return Objective(
            event_targets.classes, (tf.TensorSpec(image, tf.uint8),), (segmented,), share(_same(wrap)), mean_weight
        )
    if settings.task == "detection":
        return Objective(
            lambda batch: _truth_of_jets(batch, settings, towers),
            specs,
            found,
            share(_hit(wrap)),
            mean_weight,
            counts,
        )
    return Objective(
        lambda batch: event_targets.classes(batch) + _truth_of_jets(batch, settings, towers),
        (tf.TensorSpec(image, tf.uint8), *specs),
        (segmented, *found),
        share(_same(wrap)),
        mean_weight,
        (settings.segmentation.weight, *counts),
    )


def _inner(output: Any, wrap: int) -> Any:
    return output[:, :, wrap : output.shape[2] - wrap]


def _decided(label: Any) -> Any:
    """The classes, with the first one in place of none, for functions that know no other."""
    return tf.where(label < len(TOWER_CLASSES), label, 0)


def _segmentation_loss(weights: Floats, wrap: int) -> Callable[[Any, Any], Any]:
    """Cross entropy of the inner towers with class weights; undecided ones have none."""
    of_class = np.append(weights, np.float32(0))

    def loss(truth: Any, output: Any) -> Any:
        label = tf.cast(truth, tf.int32)
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(_decided(label), _inner(output, wrap))
        return tf.reduce_mean(tf.gather(of_class, label) * entropy, axis=(1, 2))

    return loss


def _detection_losses(wrap: int) -> tuple[Callable[[Any, Any], Any], ...]:
    """The losses of heat, pT and box, each for a centre.

    Heat: the focal loss of arXiv:1904.07850, equation 1, with α = 2 and β = 4. pT: Huber's, relative to the truth, with
    a tolerance of 20 %. Box: absolute differences.
    """

    def heat(truth: Any, output: Any) -> Any:
        logit, truth, counts = _inner(output, wrap)[..., 0], truth[..., 0], truth[..., 1]
        centre = truth >= 1
        chance = tf.sigmoid(logit)
        right = (1 - chance) ** 2 * tf.math.log_sigmoid(logit)
        wrong = (1 - truth) ** 4 * chance**2 * tf.math.log_sigmoid(-logit)
        jets = tf.reduce_sum(tf.cast(centre, tf.float32), axis=(1, 2))
        return -tf.reduce_sum(counts * tf.where(centre, right, wrong), axis=(1, 2)) / tf.maximum(jets, 1.0)

    def at_centres(values: Any, mask: Any) -> Any:
        return tf.reduce_sum(values * mask, axis=(1, 2)) / tf.maximum(tf.reduce_sum(mask, axis=(1, 2)), 1.0)

    def pt(truth: Any, output: Any) -> Any:
        value, mask = truth[..., 0], truth[..., 1]
        error = tf.abs(_inner(output, wrap)[..., 0] - value) / (0.2 * tf.maximum(value, 1e-3))
        return at_centres(tf.where(error < 1, 0.5 * error**2, error - 0.5), mask)

    def box(truth: Any, output: Any) -> Any:
        error = tf.abs(_inner(output, wrap) - truth[..., :BOX_CHANNELS])
        return at_centres(tf.reduce_sum(error, axis=-1), truth[..., BOX_CHANNELS])

    return heat, pt, box


def _same(wrap: int) -> Callable[[Any, Any], Any]:
    """The share of decided towers with the right class."""

    def same(truth: Any, output: Any) -> Any:
        found = tf.argmax(_inner(output, wrap), axis=-1, output_type=tf.int32)
        label = tf.cast(truth, tf.int32)
        decided = tf.cast(label < len(TOWER_CLASSES), tf.float32)
        right = tf.reduce_sum(tf.cast(found == label, tf.float32), axis=(1, 2))
        return right / tf.maximum(tf.reduce_sum(decided, axis=(1, 2)), 1.0)

    return same


def _hit(wrap: int) -> Callable[[Any, Any], Any]:
    """The share of centres with an even chance or more; of events without jets, whether no tower that counts has it."""

    def hit(truth: Any, output: Any) -> Any:
        hot = tf.cast(_inner(output, wrap)[..., 0] >= 0, tf.float32) * truth[..., 1]
        centre = tf.cast(truth[..., 0] >= 1, tf.float32)
        jets = tf.reduce_sum(centre, axis=(1, 2))
        found = tf.reduce_sum(centre * hot, axis=(1, 2)) / tf.maximum(jets, 1.0)
        return tf.where(jets > 0, found, 1 - tf.reduce_max(hot, axis=(1, 2)))

    return hit


def train(
    dataset: EventImages, model: EventModelSettings, settings: TrainSettings, work: Path, progress: Progress
) -> list[Trained[Network]]:
    """Train the float and the quantized U-Net; a stopped call goes on where it was.

    Raises:
        ConfigurationError: a depth that does not divide the image.
        TrainingSettingsError: a layer to be pruned that the quantized network does not have.
        InputFileError: events that cannot be trained on.
        PipelineError: a training that diverged.
    """
    counts, wrap = _survey(dataset)
    aim = objective(model, wrap, event_targets.class_shares(counts), dataset.towers)

    def step(name: str, title: str) -> Step[Network]:
        quantized = name == HARDWARE
        return Step(
            Network(name, title),
            lambda: unet.build(model, dataset.shape, heads(model.task), quantized=quantized),
            quantized,
            FLOAT if quantized else None,
        )

    steps = [step(name, title) for name, title in TITLES.items()]
    return train_in_turn(steps, dataset, settings, work, progress, aim)


def _survey(dataset: EventImages) -> tuple[npt.NDArray[np.int64], int]:
    """Training towers of each class, and the repeated columns."""
    counts, wrap, towers = np.zeros(len(TOWER_CLASSES), np.int64), 0, 0
    for batch in dataset.split("train").batches(512):
        counts += event_targets.count_classes(batch)
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
        made = call(batch.dense())
        parts = made if isinstance(made, list | tuple) else [made]
        inner = [part.numpy()[:, :, batch.wrap : part.shape[2] - batch.wrap] for part in parts]
        raw = {name: np.rint(np.ldexp(part, bits)).astype(np.int64) for name, part in zip(names, inner, strict=True)}
        return Maps(raw, bits)

    return predict
