"""Short trainings of many small networks on the same few jets, held in memory as dense images.

`models.training.network` streams, resumes to the bit and reads from disk in every epoch; for networks that train for
seconds that costs more than the arithmetic. Here an epoch is one call of one graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import InputFileError, PipelineError
from data_prep.store.jet_images import ImageDataset
from models.metrics.bootstrap import macro_auc_replicas, value_with_error
from models.metrics.taggers import performance, softmax
from models.quantization import channel_bits
from models.training import tagging
from models.training.batches import survey
from models.training.pruning import Pruner, chosen_kernels
from models.training.pruning_settings import PruningSettings

_BATCH = 2048
WORKING_POINT = 0.5
"""The signal efficiency of the background rejection."""


@dataclass(frozen=True)
class Jets:
    """Images in memory.

    Attributes:
        images: float32 [jets, rows, columns, channels].
        label: uint8 [jets].
        weight: float32 [jets], with a mean of 1.
        classes: their names.
    """

    images: Any
    label: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.float32]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class TaggerQuality:
    """What a network reaches on validation jets.

    Attributes:
        macro_auc: the mean of the AUCs of the classes.
        error: its statistical error.
        rejection: the logarithm of the mean background rejection (geometric, over the classes) at half the signal.
        accuracy: share of jets that are taken for what they are.
        constant: whether all jets have the same logits, so that nothing is told apart.
    """

    macro_auc: float
    error: float
    rejection: float
    accuracy: float
    constant: bool


def prepare_threads(threads: int) -> None:
    """Make TensorFlow deterministic, with so many threads; before anything else is done with it."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()


def read_jets(dataset: ImageDataset, split: str, number: int, seed: int) -> Jets:
    """The images of some jets of a split, all where it has no more.

    Args:
        dataset: the images.
        split: `train` or `validation`.
        number: how many.
        seed: of the choice.

    Raises:
        InputFileError: a class without jets, weights that cannot be used, a damaged file.
    """
    survey(dataset, split)
    whole = dataset.split(split).whole
    if number < len(whole):
        whole = whole.take(np.sort(np.random.default_rng(seed).permutation(len(whole))[:number]))
    weight = whole.weight / np.float32(max(float(whole.weight.mean()), 1e-30))
    missing = set(range(len(dataset.classes))) - set(np.unique(whole.label).tolist())
    if missing:
        what = f"none of {number} jets of the '{split}' split is of class {dataset.classes[min(missing)]!r}"
        raise InputFileError(what, file=dataset.folder, remedy="use more jets")
    return Jets(tf.constant(whole.dense()), whole.label, weight.astype(np.float32), dataset.classes)


def fit(
    model: keras.Model,
    jets: Jets,
    *,
    epochs: int,
    learning_rate: float,
    batch: int,
    seed: int,
    pruning: PruningSettings | None = None,
    after_epoch: Callable[[int], None] = lambda epoch: None,
) -> None:
    """Train a tagger with Adam; the learning rate grows over the first twentieth and ends at 0 as a cosine.

    Args:
        model: a built network, one logit a class.
        jets: what it learns from.
        epochs: passes over them.
        learning_rate: the highest.
        batch: jets a step; what remains of an epoch is left out.
        seed: of the order of the jets.
        pruning: what becomes 0 on the way.
        after_epoch: called with the number of epochs done; may raise to end the training.

    Raises:
        TrainingSettingsError: a layer to be pruned that the network does not have.
        PipelineError: the loss is not finite any more.
    """
    batch = min(batch, len(jets))
    steps = len(jets) // batch
    warm_up = max(1, steps * epochs // 20)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps * epochs - warm_up), warmup_target=learning_rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(model.trainable_variables)
    pruner = Pruner(chosen_kernels(model, pruning), pruning, steps * epochs) if pruning else None
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    label, weight = tf.constant(jets.label), tf.constant(jets.weight)

    @tf.function(input_signature=[tf.TensorSpec((steps, batch), tf.int32)])
    def epoch(order: Any) -> Any:
        total = tf.constant(0.0)
        for rows in order:
            with tf.GradientTape() as tape:
                logits = model(tf.gather(jets.images, rows), training=True)
                value = loss(tf.gather(label, rows), logits, tf.gather(weight, rows))
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            if pruner is not None:
                pruner.prune(optimizer.iterations)
            total += value
        return total

    rng = np.random.default_rng(seed)
    for number in range(1, epochs + 1):
        order = rng.permutation(len(jets))[: steps * batch].reshape(steps, batch).astype(np.int32)
        if not math.isfinite(float(epoch(tf.constant(order)))):
            raise PipelineError(
                f"the training diverged in epoch {number}: the loss is not finite", remedy="lower the learning rate"
            )
        after_epoch(number)


def choose_bits(model: keras.Model, source: keras.Model, jets: Jets, batch: int, seed: int) -> None:
    """Let the trained float network choose bits by channel where `mean_bits` asks for it, as in a long training.

    Args:
        model: the quantized network; it is changed.
        source: the trained float network of its shape.
        jets: what it was trained on.
        batch: jets a step.
        seed: of the order of the jets, and of the rule.
    """
    tagging.OBJECTIVE.compile(source, keras.optimizers.SGD())
    batch = min(batch, len(jets))
    order = np.random.default_rng(seed).permutation(len(jets))
    parts = (order[first : first + batch] for first in range(0, len(jets) - batch + 1, batch))
    batches = ((tf.gather(jets.images, rows), jets.label[rows], jets.weight[rows]) for rows in parts)
    channel_bits.choose(model, source, batches, seed)


class Judge:
    """Measures one network on the same jets, again and again.

    Args:
        model: the network.
        jets: what it is measured on.
    """

    def __init__(self, model: keras.Model, jets: Jets) -> None:
        self._jets = jets
        self._call = tf.function(
            lambda images: model(images, training=False),
            input_signature=[tf.TensorSpec((None, *jets.images.shape[1:]), tf.float32)],
        )

    def logits(self) -> npt.NDArray[np.float32]:
        """What the network gives, float32 [jets, classes]."""
        parts = range(0, len(self._jets), _BATCH)
        return np.concatenate([self._call(self._jets.images[first : first + _BATCH]).numpy() for first in parts])

    def quality(self, replicas: int = 0, seed: int = 0) -> TaggerQuality:
        """What it reaches now; the error needs replicas (bootstrap), else it is 0."""
        logits, jets = self.logits(), self._jets
        scores = softmax(logits)
        found = performance(scores, jets.label, jets.classes, jets.weight)
        error = 0.0
        if replicas:
            drawn = macro_auc_replicas({"": scores}, jets.label, jets.weight, replicas, seed)
            error = value_with_error(drawn[""]).error
        points = found.rejection[str(WORKING_POINT)].values()
        rejections = [each.rejection or each.lower_limit or 1.0 for each in points]
        return TaggerQuality(
            macro_auc=found.macro_auc or 0.0,
            error=error,
            rejection=float(np.mean(np.log(rejections))),
            accuracy=found.accuracy or 0.0,
            constant=bool((logits == logits[0]).all()),
        )
