"""Train one network: learning-rate schedule, early stopping, and a checkpoint after every epoch to go on from.

A training that was stopped and started again ends with the same weights, to the bit, as one that ran through: the order
of the jets is a function of seed and epoch, and a checkpoint holds weights, optimizer, pruning and history.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import PipelineError, TrainingSettingsError
from data_prep.system.whole import whole_file
from models.quantization import channel_bits
from models.settings import PhaseSettings, TrainSettings
from models.training import tagging
from models.training.batches import Feed, Images, Scores
from models.training.objective import Objective, watched
from models.training.pruning import Pruner, chosen_kernels
from models.training.pruning_settings import PruningSettings

Advance = Callable[[int], None]
NO_SCORES: Mapping[str, Scores] = {}


@dataclass
class History:
    """What happened in each epoch; lists of one number an epoch.

    Attributes:
        loss, accuracy: mean over the training jets while the weights were changing; what `accuracy` is, the objective
            says.
        val_loss, val_accuracy: over the validation jets at the end of the epoch.
        learning_rate: that of the epoch's last step.
        sparsity: share of the weights to be pruned that are at the end of the epoch.
        digits: share of the signed digits that weights may have; empty where none are taken away.
        best_epoch: index of the epoch whose weights were kept.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    sparsity: list[float] = field(default_factory=list)
    digits: list[float] = field(default_factory=list)
    best_epoch: int = -1

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.loss)

    def behind(self, before: History, share: float) -> History:
        """This training and one before it as one, this one with so many of the digits."""
        digits = (before.digits or [1.0] * before.epochs) + [share] * self.epochs
        sparsity = before.sparsity + before.sparsity[-1:] * self.epochs
        added = {name: getattr(before, name) + getattr(self, name) for name in _BY_EPOCH}
        return History(**added, sparsity=sparsity, digits=digits, best_epoch=before.epochs + self.best_epoch)

    def stale(self, patience: int) -> bool:
        """Whether more than `patience` epochs have ended since the best one."""
        return self.best_epoch >= 0 and self.epochs - self.best_epoch > patience

    def as_json(self) -> dict[str, Any]:
        """The content of `history.json` for this network."""
        return asdict(self)


_BY_EPOCH = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


def prepare(settings: TrainSettings) -> None:
    """Make TensorFlow deterministic and independent of the number of cores; before anything else is done with it."""
    config = tf.config.threading
    if config.get_intra_op_parallelism_threads() != settings.threads:
        config.set_intra_op_parallelism_threads(settings.threads)
        config.set_inter_op_parallelism_threads(settings.threads)
    tf.config.experimental.enable_op_determinism()


def require_trainable(model: keras.Model, settings: TrainSettings) -> None:
    """Look at a quantized network before any other is trained for it.

    Raises:
        TrainingSettingsError: a layer to be pruned that it does not have; bits that are chosen by the float network
            that it does not start from.
    """
    if settings.pruning:
        chosen_kernels(model, settings.pruning)
    if not settings.warm_start and channel_bits.undecided(model):
        what = "'warm_start' is false, but 'mean_bits' in model.yaml lets the trained float network choose"
        raise TrainingSettingsError(what, file="train.yaml", remedy="make it true, or give lists of 'bits'")


def warm_start(model: keras.Model, source: keras.Model) -> None:
    """Copy the weights of every layer that has its namesake in `source`.

    Raises:
        ValueError: when a layer with weights has no namesake of the same shapes.
    """
    names = {layer.name for layer in source.layers}
    for layer in model.layers:
        if not layer.weights:
            continue
        if layer.name not in names:
            raise ValueError(f"layer {layer.name!r} is not in the network to start from")
        layer.set_weights(source.get_layer(layer.name).get_weights())


def choose_bits(
    model: keras.Model, source: keras.Model, dataset: Images, settings: TrainSettings, objective: Objective
) -> None:
    """Let the trained float network choose the bits by channel of a quantized one, where `mean_bits` asks for it."""
    feed = Feed(dataset.split("train"), settings.batch, objective=objective)
    channel_bits.choose(model, source, feed.dataset(dataset.shape, settings.seed), settings.seed)


def train(
    model: keras.Model,
    dataset: Images,
    phase: PhaseSettings,
    settings: TrainSettings,
    checkpoint: Path,
    advance: Advance = lambda jets: None,
    objective: Objective = tagging.OBJECTIVE,
    pruning: PruningSettings | None = None,
    scores: Mapping[str, Scores] = NO_SCORES,
) -> History:
    """Train a network on the `train` split; it ends with the weights of its best epoch on `validation`.

    With pruning, only epochs at whose end all is pruned can be the best one, and patience counts from there.

    Args:
        model: a built network with the outputs of the objective.
        dataset: the images.
        phase: epochs, learning rate, early stopping.
        settings: seed and batch size.
        checkpoint: a file that is written after every epoch; where it exists, training goes on from it.
        advance: called with the number of jets of every step.
        objective: what it is trained for.
        pruning: what becomes 0 on the way.
        scores: of the teachers that the objective has, by split.

    Raises:
        InputFileError: a class without jets, weights that cannot be used, a damaged file.
        TrainingSettingsError: a layer to be pruned that the network does not have.
        PipelineError: the loss is not finite any more.
    """
    scale, judged_scale = (1 / objective.mean_weight(dataset, name) for name in ("train", "validation"))
    learn = Feed(
        dataset.split("train"), settings.batch, scale, objective, settings.augmentation, scores=scores.get("train")
    )
    judge = Feed(
        dataset.split("validation"), 8 * settings.batch, judged_scale, objective, scores=scores.get("validation")
    )
    steps = -(-learn.split.rows // settings.batch)
    _compile(model, objective, phase, steps)
    pruner = Pruner(chosen_kernels(model, pruning), pruning, steps * phase.epochs) if pruning else None
    state = _State(model, checkpoint, pruner)
    state.resume()
    history = state.history
    advance(history.epochs * learn.split.rows)
    callbacks: list[keras.callbacks.Callback] = [pruner] if pruner else []
    callbacks.append(keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: advance(settings.batch)))
    while history.epochs < phase.epochs and not history.stale(phase.patience):
        seed = int(np.random.SeedSequence([settings.seed, history.epochs]).generate_state(1)[0])
        try:
            log = model.fit(learn.dataset(dataset.shape, seed), callbacks=callbacks, verbose=0).history
            found = model.evaluate(judge.dataset(dataset.shape), return_dict=True, verbose=0)
        except tf.errors.OpError:
            learn.check()
            judge.check()
            raise
        history.loss.append(float(log["loss"][0]))
        history.accuracy.append(float(watched(log)[0]))
        history.val_loss.append(float(found["loss"]))
        history.val_accuracy.append(float(watched(found)))
        history.learning_rate.append(float(model.optimizer.learning_rate.numpy()))
        history.sparsity.append(pruner.sparsity if pruner else 0.0)
        if not (math.isfinite(history.loss[-1]) and math.isfinite(history.val_loss[-1])):
            what = f"the training of {model.name!r} diverged in epoch {history.epochs}: the loss is not finite"
            raise PipelineError(what, remedy="lower learning_rate in train.yaml")
        ready = pruner is None or pruner.done(history.epochs * steps)
        if ready and (history.best_epoch < 0 or history.val_loss[-1] < history.val_loss[history.best_epoch]):
            history.best_epoch = history.epochs - 1
            state.best = model.get_weights()
        state.save()
    model.set_weights(state.best)
    return history


def _compile(model: keras.Model, objective: Objective, phase: PhaseSettings, steps: int) -> None:
    total = steps * phase.epochs
    warm_up = round(phase.warm_up * total)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if warm_up else phase.learning_rate,
        decay_steps=max(total - warm_up, 1),
        warmup_target=phase.learning_rate if warm_up else None,
        warmup_steps=warm_up,
    )
    objective.compile(model, keras.optimizers.Adam(rate))


class _State:
    """Everything a training needs to go on, in one file: weights, optimizer, pruning, the best weights, history."""

    def __init__(self, model: keras.Model, file: Path, pruner: Pruner | None) -> None:
        self.model = model
        self.pruner = pruner
        self.file = file
        self.history = History()
        self.best = model.get_weights()
        model.optimizer.build(model.trainable_variables)

    def save(self) -> None:
        """Write it, whole or not at all."""
        arrays = {"history": np.array(json.dumps(self.history.as_json()))}
        groups = {"weight": self.model.get_weights(), "best": self.best, "optimizer": self._optimizer_values()}
        if self.pruner:
            groups["mask"] = self.pruner.masks
        arrays |= {f"{group}_{i}": value for group, values in groups.items() for i, value in enumerate(values)}
        with whole_file(self.file) as partial, partial.open("wb") as file:
            np.savez(file, **arrays)

    def resume(self) -> None:
        """Read it, where it exists."""
        if not self.file.exists():
            return
        with np.load(self.file, allow_pickle=False) as arrays:
            self.history = History(**json.loads(str(arrays["history"])))
            self.model.set_weights([arrays[f"weight_{i}"] for i in range(len(self.best))])
            self.best = [arrays[f"best_{i}"] for i in range(len(self.best))]
            for i, variable in enumerate(self.model.optimizer.variables):
                variable.assign(arrays[f"optimizer_{i}"])
            if self.pruner:
                self.pruner.masks = [arrays[f"mask_{i}"] for i in range(len(self.pruner.masks))]

    def _optimizer_values(self) -> list[npt.NDArray[Any]]:
        return [variable.numpy() for variable in self.model.optimizer.variables]
