"""Train one network: learning-rate schedule, early stopping, and a checkpoint after every epoch to go on from.

A training that was stopped and started again ends with the same weights, to the bit, as one that ran through: the order
of the jets is a function of seed and epoch, and a checkpoint holds weights, optimizer and history.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import PipelineError
from models.batches import Feed, Images
from models.objective import Objective, watched
from models.settings import PhaseSettings, TrainSettings
from models.tasks import classification

Advance = Callable[[int], None]


@dataclass
class History:
    """What happened in each epoch; lists of one number an epoch.

    Attributes:
        loss, accuracy: mean over the training jets while the weights were changing; what `accuracy` is, the objective
            says.
        val_loss, val_accuracy: over the validation jets at the end of the epoch.
        learning_rate: that of the epoch's last step.
        best_epoch: index of the epoch whose weights were kept.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    best_epoch: int = -1

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.loss)

    def as_json(self) -> dict[str, Any]:
        """The content of `history.json` for this network."""
        return asdict(self)


def prepare(settings: TrainSettings) -> None:
    """Make TensorFlow deterministic and independent of the number of cores; before anything else is done with it."""
    config = tf.config.threading
    if config.get_intra_op_parallelism_threads() != settings.threads:
        config.set_intra_op_parallelism_threads(settings.threads)
        config.set_inter_op_parallelism_threads(settings.threads)
    tf.config.experimental.enable_op_determinism()


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
            raise ValueError(f"layer {layer.name!r} has no namesake to start from")
        layer.set_weights(source.get_layer(layer.name).get_weights())


def train(
    model: keras.Model,
    dataset: Images,
    phase: PhaseSettings,
    settings: TrainSettings,
    checkpoint: Path,
    advance: Advance = lambda jets: None,
    objective: Objective = classification.OBJECTIVE,
) -> History:
    """Train a network on the `train` split; it ends with the weights of its best epoch on `validation`.

    Args:
        model: a built network with the outputs of the objective.
        dataset: the images.
        phase: epochs, learning rate, early stopping.
        settings: seed and batch size.
        checkpoint: a file that is written after every epoch; where it exists, training goes on from it.
        advance: called with the number of jets of every step.
        objective: what it is trained for.

    Raises:
        InputFileError: a class without jets, weights that cannot be used, a damaged file.
        PipelineError: the loss is not finite any more.
    """
    scale, judged_scale = (1 / objective.mean_weight(dataset, name) for name in ("train", "validation"))
    learn = Feed(dataset.split("train"), settings.batch, scale, objective, settings.augmentation)
    judge = Feed(dataset.split("validation"), 8 * settings.batch, judged_scale, objective)
    _compile(model, objective, phase, steps=-(-learn.split.rows // settings.batch))
    state = _State(model, checkpoint)
    state.resume()
    history = state.history
    advance(history.epochs * learn.split.rows)
    progress = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: advance(settings.batch))
    while history.epochs < phase.epochs and history.epochs - history.best_epoch <= phase.patience:
        seed = int(np.random.SeedSequence([settings.seed, history.epochs]).generate_state(1)[0])
        try:
            log = model.fit(learn.dataset(dataset.shape, seed), callbacks=[progress], verbose=0).history
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
        if not (math.isfinite(history.loss[-1]) and math.isfinite(history.val_loss[-1])):
            what = f"the training of {model.name!r} diverged in epoch {history.epochs}: the loss is not finite"
            raise PipelineError(what, remedy="lower learning_rate in train.yaml")
        if history.best_epoch < 0 or history.val_loss[-1] < history.val_loss[history.best_epoch]:
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
    """Everything a training needs to go on, in one file: weights, optimizer, the best weights so far, history."""

    def __init__(self, model: keras.Model, file: Path) -> None:
        self.model = model
        self.file = file
        self.history = History()
        self.best = model.get_weights()
        model.optimizer.build(model.trainable_variables)

    def save(self) -> None:
        """Write it under a temporary name and rename it."""
        arrays = {"history": np.array(json.dumps(self.history.as_json()))}
        groups = {"weight": self.model.get_weights(), "best": self.best, "optimizer": self._optimizer_values()}
        arrays |= {f"{group}_{i}": value for group, values in groups.items() for i, value in enumerate(values)}
        temporary = self.file.with_name(f".{self.file.name}.partial")
        with temporary.open("wb") as file:
            np.savez(file, **arrays)
        temporary.replace(self.file)

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

    def _optimizer_values(self) -> list[npt.NDArray[Any]]:
        return [variable.numpy() for variable in self.model.optimizer.variables]
