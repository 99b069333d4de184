"""Losses with two targets: the truth, and the scores of teachers.

Keras gives a loss one tensor for an output, so truth and scores stand side by side in its last axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import TrainingSettingsError
from models.training.objective import Lesson, Loss, Objective

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """Truth and scores in one tensor, float32, the truth's channels first.

    Attributes:
        truth: shape and type of the truth; integers have no axis of channels.
    """

    truth: tf.TensorSpec

    @property
    def _labels(self) -> bool:
        return bool(self.truth.dtype.is_integer)

    @property
    def spec(self) -> tf.TensorSpec:
        """Shape and type of both."""
        axes = self.truth.shape.as_list()
        return tf.TensorSpec((*(axes if self._labels else axes[:-1]), None), tf.float32)

    def join(self, truth: npt.NDArray[Any], score: Floats) -> Floats:
        """Both, from the truth and the scores of the same images."""
        first = truth[..., None] if self._labels else truth
        return np.concatenate([first, score], axis=-1, dtype=np.float32)

    def split(self, both: Any) -> tuple[Any, Any]:
        """Truth and scores of a tensor."""
        if self._labels:
            return tf.cast(both[..., 0], self.truth.dtype), both[..., 1:]
        channels = self.truth.shape[-1]
        return both[..., :channels], both[..., channels:]


@dataclass(frozen=True)
class Taught(Objective):
    """An objective whose targets are truth and scores.

    Attributes:
        pairs: of every output.
    """

    pairs: tuple[Pair, ...] = ()

    def joined(self, truths: Sequence[npt.NDArray[Any]], scores: Sequence[Floats]) -> tuple[Floats, ...]:
        """The targets of every output."""
        return tuple(pair.join(truth, score) for pair, truth, score in zip(self.pairs, truths, scores, strict=True))


def taught(objective: Objective, share: float) -> Taught:
    """The same with teachers.

    Args:
        objective: what a network is trained for.
        share: of the teachers in the target.

    Raises:
        TrainingSettingsError: it does not say what a teacher's score is.
    """
    if len(objective.lessons) != len(objective.losses):
        raise TrainingSettingsError("'teacher': this task has no teachers", file="train.yaml", remedy="leave it out")
    pairs = tuple(Pair(spec) for spec in objective.specs)
    values = {field.name: getattr(objective, field.name) for field in fields(Objective)}
    values |= {
        "specs": tuple(pair.spec for pair in pairs),
        "losses": tuple(_loss(pair, each, share) for pair, each in zip(pairs, objective.lessons, strict=True)),
        "watched": lambda: _OfTruth(objective.watched(), pairs[0]),
    }
    return Taught(**values, pairs=pairs)


def _loss(pair: Pair, lesson: Lesson, share: float) -> Loss:
    def loss(both: Any, output: Any) -> Any:
        truth, score = pair.split(both)
        return lesson.loss(truth, score, output, share)

    return loss


class _OfTruth(keras.metrics.Metric):  # type: ignore[misc]
    """A metric of the truth alone, under the name of every watched one."""

    def __init__(self, of: keras.metrics.Metric, pair: Pair) -> None:
        super().__init__(name="accuracy")
        self._of, self._pair = of, pair

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Add a batch."""
        return self._of.update_state(self._pair.split(y_true)[0], y_pred, sample_weight)

    def result(self) -> Any:
        """Its value."""
        return self._of.result()

    def reset_state(self) -> None:
        """Begin anew."""
        self._of.reset_state()


def mixed(loss: Loss, channels: int | None = None) -> Callable[[Any, Any, Any, float], Any]:
    """The loss of a target that is (1 - share) truth + share score, for truths and scores that are numbers.

    Args:
        loss: of a target.
        channels: of the truth that are numbers, the first ones; all where nothing is said.
    """

    def of_both(truth: Any, score: Any, output: Any, share: float) -> Any:
        if channels is None:
            return loss((1 - share) * truth + share * score, output)
        target = (1 - share) * truth[..., :channels] + share * score
        return loss(tf.concat([target, truth[..., channels:]], axis=-1), output)

    return of_both


def mean_of_losses(of_truth: Loss, of_score: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any, float], Any]:
    """(1 - share) times the loss of the truth and share times that of (truth, score, output), for what is linear."""
    return lambda truth, score, output, share: (
        (1 - share) * of_truth(truth, output) + share * of_score(truth, score, output)
    )
