"""What the tasks on events are trained for: the losses of the class of every tower, and of the jets.

Outputs have the repeated columns too; only the inner ones count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from data_prep.events.batch import TOWER_CLASSES
from data_prep.grids.tower_geometry import Towers
from models.events import targets
from models.events.settings import DetectionSettings
from models.events.targets import BOX_CHANNELS
from models.training.lessons import mean_of_losses, mixed
from models.training.objective import Lesson, Objective, mean_weight, share

Floats = npt.NDArray[np.float32]

_IMAGE = (None, None, None)


def of_classes(power: float, wrap: int, shares: npt.ArrayLike) -> Objective:
    """The class of every tower; watched is the share of towers with the right one.

    Args:
        power: the weight of a class is its share to minus this power.
        wrap: repeated columns on each side of the image.
        shares: of each class among the training towers.
    """
    weights = targets.class_weights(shares, power)
    loss, specs = _class_loss(weights, wrap), (tf.TensorSpec(_IMAGE, tf.uint8),)
    taught = mean_of_losses(loss, _score_loss(weights, wrap))
    lessons = (Lesson(lambda output: tf.nn.softmax(_inner(output, wrap)), taught),)
    return Objective(targets.classes, specs, (loss,), share(_same(wrap)), mean_weight, lessons=lessons)


def of_jets(settings: DetectionSettings, wrap: int, towers: Towers) -> Objective:
    """Centres, transverse momenta and boxes; watched is the share of centres that are hot.

    Args:
        settings: of the targets, and the weights of the losses.
        wrap: repeated columns on each side of the image.
        towers: of the image.
    """
    heat, pt, box = _jet_losses(wrap)
    return Objective(
        lambda batch: targets.centres(batch, settings, towers),
        tuple(tf.TensorSpec((*_IMAGE, channels), tf.float32) for channels in (2, 2, BOX_CHANNELS + 1)),
        (heat, pt, box),
        share(_hit(wrap)),
        mean_weight,
        (1.0, settings.pt_weight, settings.box_weight),
        (
            Lesson(lambda output: tf.sigmoid(_inner(output, wrap)), mean_of_losses(heat, _heat_of_score(wrap))),
            Lesson(lambda output: _inner(output, wrap), mixed(pt, 1)),
            Lesson(lambda output: _inner(output, wrap), mixed(box, BOX_CHANNELS)),
        ),
    )


def _inner(output: Any, wrap: int) -> Any:
    return output[:, :, wrap : output.shape[2] - wrap]


def _decided(label: Any) -> Any:
    """The classes, with the first one in place of none, for functions that know no other."""
    return tf.where(label < len(TOWER_CLASSES), label, 0)


def _class_loss(weights: Floats, wrap: int) -> Callable[[Any, Any], Any]:
    """Cross entropy of the inner towers with class weights; undecided ones have none."""
    of_class = np.append(weights, np.float32(0))

    def loss(truth: Any, output: Any) -> Any:
        label = tf.cast(truth, tf.int32)
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(_decided(label), _inner(output, wrap))
        return tf.reduce_mean(tf.gather(of_class, label) * entropy, axis=(1, 2))

    return loss


def _score_loss(weights: Floats, wrap: int) -> Callable[[Any, Any, Any], Any]:
    """The same with the probabilities that teachers give the classes of a tower in the place of its class."""

    def loss(truth: Any, score: Any, output: Any) -> Any:
        decided = tf.cast(truth < len(TOWER_CLASSES), tf.float32)
        entropy = -tf.reduce_sum(weights * score * tf.nn.log_softmax(_inner(output, wrap)), axis=-1)
        return tf.reduce_mean(decided * entropy, axis=(1, 2))

    return loss


def _heat_of_score(wrap: int) -> Callable[[Any, Any, Any], Any]:
    """The focal loss with the chance that teachers give each tower in the place of whether it is a centre."""

    def loss(truth: Any, score: Any, output: Any) -> Any:
        logit, spot, counts = _inner(output, wrap)[..., 0], truth[..., 0], truth[..., 1]
        chance = tf.sigmoid(logit)
        right = (1 - chance) ** 2 * tf.math.log_sigmoid(logit)
        wrong = chance**2 * tf.math.log_sigmoid(-logit)
        near = tf.where(spot >= 1, 1.0, (1 - spot) ** 4)
        jets = tf.reduce_sum(tf.cast(spot >= 1, tf.float32), axis=(1, 2))
        each = counts * (score[..., 0] * right + (1 - score[..., 0]) * near * wrong)
        return -tf.reduce_sum(each, axis=(1, 2)) / tf.maximum(jets, 1.0)

    return loss


def _jet_losses(wrap: int) -> tuple[Callable[[Any, Any], Any], ...]:
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
        predicted = tf.argmax(_inner(output, wrap), axis=-1, output_type=tf.int32)
        label = tf.cast(truth, tf.int32)
        decided = tf.cast(label < len(TOWER_CLASSES), tf.float32)
        right = tf.reduce_sum(tf.cast(predicted == label, tf.float32), axis=(1, 2))
        return right / tf.maximum(tf.reduce_sum(decided, axis=(1, 2)), 1.0)

    return same


def _hit(wrap: int) -> Callable[[Any, Any], Any]:
    """The share of centres with an even chance or more; of events without jets, whether no tower that counts has it."""

    def hit(truth: Any, output: Any) -> Any:
        hot = tf.cast(_inner(output, wrap)[..., 0] >= 0, tf.float32) * truth[..., 1]
        centre = tf.cast(truth[..., 0] >= 1, tf.float32)
        jets = tf.reduce_sum(centre, axis=(1, 2))
        efficiency = tf.reduce_sum(centre * hot, axis=(1, 2)) / tf.maximum(jets, 1.0)
        return tf.where(jets > 0, efficiency, 1 - tf.reduce_max(hot, axis=(1, 2)))

    return hit
