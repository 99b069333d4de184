"""Magnitude pruning: while a network is trained, ever more of its smallest weights become 0 and stay 0.

Every kernel by itself loses the share s of its weights, which rises with the training step t from 0 to s_f:

    s(t) = s_f - s_f (1 - (t - t_0) / (n Δt))³    for t = t_0, t_0 + Δt, …, t_0 + n Δt

Source: M. Zhu and S. Gupta, To prune, or not to prune, arXiv:1710.01878, equation 1, as tensorflow-model-optimization
has it. Its wrappers around layers are not used: they give every layer another name, which warm start and lowering do
not find, refuse the layers of this project, and end below s_f where Δt does not divide the span.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_model_optimization as tfmot
from tensorflow import keras

from data_prep.errors import TrainingSettingsError
from models.layers.kernels import kernels
from models.quantization import exact
from models.training.pruning_settings import PruningSettings


def trained_kernels(model: keras.Model) -> dict[str, list[tf.Variable]]:
    """The kernels of a model that training changes, by the name of their layer: QKeras' or base filters of ours."""
    found: dict[str, list[tf.Variable]] = {}
    for layer in exact.layers(model):
        trained = {id(variable) for variable in layer.trainable_weights}
        chosen = [kernel.variable for kernel in kernels(layer) if id(kernel.variable) in trained]
        if chosen:
            found[layer.name] = chosen
    return found


def chosen_kernels(model: keras.Model, settings: PruningSettings) -> list[tf.Variable]:
    """The kernels that are to be pruned.

    Raises:
        TrainingSettingsError: for a name that is none of a layer with a trained kernel.
    """
    known: Mapping[str, list[tf.Variable]] = trained_kernels(model)
    names = tuple(known) if settings.layers == "all" else tuple(dict.fromkeys(settings.layers))
    for name in names:
        if name not in known:
            what = f"'pruning.layers': the network has no layer {name!r} with weights that are trained"
            remedy = f"those that can be pruned are {', '.join(known)}"
            raise TrainingSettingsError(what, file="train.yaml", remedy=remedy)
    return [kernel for name in names for kernel in known[name]]


def schedule(settings: PruningSettings, steps: int) -> tfmot.sparsity.keras.PolynomialDecay:
    """Equation 1 for a training of so many steps; its last pruning is at `end`, rounded down to a whole `every`.

    >>> found = schedule(PruningSettings(sparsity=0.5, begin=0.1, end=0.7, every=20), 1000)
    >>> [round(float(found(step)[1]), 4) for step in (100, 400, 700)]
    [0.0, 0.4375, 0.5]
    """
    begin = min(int(settings.begin * steps), steps - 1)
    span = max(round(settings.end * steps) - begin, 1)
    every = min(settings.every, span)
    return tfmot.sparsity.keras.PolynomialDecay(0.0, settings.sparsity, begin, begin + span // every * every, 3, every)


class Pruner(keras.callbacks.Callback):  # type: ignore[misc]
    """Prunes the kernels of a model behind every training step.

    Args:
        kernels: what is pruned.
        settings: how much, and when.
        steps: of the whole training.
    """

    def __init__(self, kernels: Sequence[tf.Variable], settings: PruningSettings, steps: int) -> None:
        super().__init__()
        self._kernels = list(kernels)
        self._masks = [tf.Variable(tf.ones(kernel.shape, tf.bool), trainable=False) for kernel in self._kernels]
        self._schedule = schedule(settings, steps)
        # Traced here: Keras warns of a callback that takes longer than a step.
        self._compiled = tf.function(self.prune).get_concrete_function(tf.TensorSpec((), tf.int64))

    @property
    def masks(self) -> list[npt.NDArray[np.bool_]]:
        """For every kernel where its weights are left; with the weights all that a checkpoint needs."""
        return [mask.numpy() for mask in self._masks]

    @masks.setter
    def masks(self, values: Sequence[npt.NDArray[np.bool_]]) -> None:
        for mask, value in zip(self._masks, values, strict=True):
            mask.assign(value)

    @property
    def sparsity(self) -> float:
        """The share of the weights of these kernels that is pruned so far."""
        masks = self.masks
        return 1 - sum(int(mask.sum()) for mask in masks) / sum(mask.size for mask in masks)

    def done(self, step: int) -> bool:
        """Whether no more is pruned behind this step."""
        return step >= int(self._schedule.end_step)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keep at 0 what the optimizer has moved away from it, and prune further where it is time to."""
        self._compiled(self.model.optimizer.iterations.value())

    def prune(self, step: Any) -> None:
        """What is done behind a training step, for graphs that hold the whole training."""
        due, sparsity = self._schedule(step)
        for kernel, mask in zip(self._kernels, self._masks, strict=True):
            weight = tf.where(mask, kernel, 0.0)
            mask.assign(tf.cond(due, lambda weight=weight: largest(weight, sparsity), lambda mask=mask: mask.value()))
            kernel.assign(tf.where(mask, weight, 0.0))


def prune_once(model: keras.Model, settings: PruningSettings) -> None:
    """Let at once become 0 what a whole training would let, as if it changed no other weight."""
    for kernel in chosen_kernels(model, settings):
        kernel.assign(tf.where(largest(kernel, tf.constant(settings.sparsity)), kernel, 0.0))


def largest(weight: Any, sparsity: Any) -> Any:
    """Where a kernel's largest weights by magnitude stand: all but the share `sparsity`, rounded, and at least one.

    >>> largest(tf.constant([0.1, -0.4, 0.3, 0.1]), tf.constant(0.5)).numpy().tolist()
    [False, True, True, False]
    """
    size = int(np.prod(weight.shape))
    pruned = tf.minimum(tf.cast(tf.round(sparsity * size), tf.int32), size - 1)
    order = tf.argsort(tf.abs(tf.reshape(weight, [-1])), stable=True)
    rank = tf.scatter_nd(order[:, None], tf.range(size), [size])
    return tf.reshape(rank >= pruned, weight.shape)
