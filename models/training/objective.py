"""What a network is trained for: targets from a batch, a loss an output, and one figure to watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import InputFileError

Loss = Callable[[Any, Any], Any]
"""(truth, output) to the loss of every image, [n]; or a Keras loss."""


@dataclass(frozen=True)
class Lesson:
    """How teachers take part in the loss of an output.

    Attributes:
        score: from a teacher's output what is averaged over teachers, its channels in the last axis.
        loss: (truth, score, output, share of the score in the target) to the loss of every image.
    """

    score: Callable[[Any], Any]
    loss: Callable[[Any, Any, Any, float], Any]


@dataclass(frozen=True)
class Objective:
    """What a network is trained for; tuples have an entry an output, in their order.

    Attributes:
        targets: the truth that each output is held against, from a batch of the dataset.
        specs: shape and type of each, the batch first.
        losses: how far output and truth are apart.
        watched: makes the metric of the first output that training reports as "accuracy".
        mean_weight: of the images of a split by name; raises where the split cannot be trained on.
        loss_weights: how much each output counts.
        lessons: how teachers take part; empty where there can be none.
    """

    targets: Callable[[Any], tuple[npt.NDArray[Any], ...]]
    specs: tuple[tf.TensorSpec, ...]
    losses: tuple[Loss, ...]
    watched: Callable[[], keras.metrics.Metric]
    mean_weight: Callable[[Any, str], float]
    loss_weights: tuple[float, ...] = (1.0,)
    lessons: tuple[Lesson, ...] = ()

    def compile(self, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Prepare a model for `fit`."""
        if len(self.losses) == 1:
            model.compile(optimizer, self.losses[0], weighted_metrics=[self.watched()])
            return
        metrics: list[list[keras.metrics.Metric]] = [[self.watched()], *([] for _ in self.losses[1:])]
        model.compile(optimizer, list(self.losses), loss_weights=list(self.loss_weights), weighted_metrics=metrics)

    def structure(self, parts: tuple[Any, ...]) -> Any:
        """Targets or their specs as Keras takes them: bare where there is one output."""
        return parts[0] if len(self.losses) == 1 else parts


def joined(first: Objective, second: Objective, weights: tuple[float, float]) -> Objective:
    """Two at once, the outputs of the first before those of the second; the first one's figure is watched.

    Args:
        first: one objective.
        second: another one, of batches of the same dataset.
        weights: how much the losses of each count.
    """
    return Objective(
        targets=lambda batch: first.targets(batch) + second.targets(batch),
        specs=first.specs + second.specs,
        losses=first.losses + second.losses,
        watched=first.watched,
        mean_weight=first.mean_weight,
        loss_weights=tuple(
            weight * part for each, weight in zip((first, second), weights, strict=True) for part in each.loss_weights
        ),
        lessons=first.lessons + second.lessons,
    )


def watched(log: dict[str, Any]) -> Any:
    """The figure to watch among what Keras reports; with several outputs it carries the output's name."""
    return next(value for name, value in log.items() if name.endswith("accuracy"))


def share(passes: Callable[[Any, Any], Any]) -> Callable[[], keras.metrics.Metric]:
    """A metric: the mean over images of what `passes(truth, output)` gives for each, reported as "accuracy"."""
    return lambda: keras.metrics.MeanMetricWrapper(passes, name="accuracy")


def mean_weight(dataset: Any, name: str) -> float:
    """The mean event weight of a split.

    Raises:
        InputFileError: no images in it, weights that are negative, not finite or all zero.
    """
    total, images = 0.0, 0
    for batch in dataset.split(name).batches(1 << 14):
        if not (np.isfinite(batch.weight).all() and (batch.weight >= 0).all()):
            raise InputFileError(f"the '{name}' split has negative or infinite weights", file=dataset.folder)
        total += float(batch.weight.sum(dtype=np.float64))
        images += len(batch)
    if not images:
        raise InputFileError(f"the '{name}' split is empty", file=dataset.folder, remedy="make more events")
    if not total > 0:
        raise InputFileError(f"all weights of the '{name}' split are 0", file=dataset.folder)
    return total / images
