"""The networks of a task, trained one after the other: float ones, then the quantized one that starts from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tensorflow import keras

from data_prep.store.jet_images import ImageDataset
from models.architectures.architecture import NetworkDefinition
from models.cost.model_arithmetic import ModelArithmetic, count
from models.settings import ModelSettings, TrainSettings
from models.training import network as training
from models.training import tagging
from models.training.batches import Images
from models.training.objective import Objective

Progress = Callable[[str, int], AbstractContextManager[training.Advance]]
"""Opens a progress bar: what is done, and of how many jets or events."""


def counting(progress: Callable[[str, int, str], AbstractContextManager[training.Advance]], unit: str) -> Progress:
    """Opens progress bars that count these."""
    return lambda title, total: progress(title, total, unit)


@dataclass(frozen=True)
class Step:
    """One network to be trained.

    Attributes:
        network: which.
        build: makes it, with new initial weights every time.
    """

    network: NetworkDefinition
    build: Callable[[], keras.Model]


def of_jets(network: NetworkDefinition, model: ModelSettings, dataset: ImageDataset) -> Step:
    """A network of these settings for these images of jets."""
    return Step(network, partial(network.build, model, dataset.shape, len(dataset.classes)))


@dataclass(frozen=True)
class TrainedNetwork:
    """One trained network with what was learned about it."""

    network: NetworkDefinition
    model: keras.Model
    history: training.History
    arithmetic: ModelArithmetic


def train_in_turn(
    steps: Sequence[Step],
    dataset: Images,
    settings: TrainSettings,
    work: Path,
    progress: Progress,
    objective: Objective = tagging.OBJECTIVE,
) -> list[TrainedNetwork]:
    """Train networks one after the other; a stopped call goes on where it was.

    Args:
        steps: the networks in order.
        dataset: the images.
        settings: how to train.
        work: a folder for checkpoints, of this configuration and these images alone.
        progress: opens a progress bar.
        objective: what they are trained for.

    Raises:
        ConfigurationError: a network that does not fit the images.
        TrainingSettingsError: a layer to be pruned that a quantized network does not have.
        InputFileError: images that cannot be trained on.
        PipelineError: a training that diverged.
    """
    for step in steps:
        if step.network.quantized:
            training.require_trainable(step.build(), settings)
    trained: list[TrainedNetwork] = []
    for step in steps:
        phase = settings.quantized_training if step.network.quantized else settings.float_training
        several = 0 if step.network.quantized or settings.float_training.starts == 1 else settings.float_training.starts
        jets = (phase.epochs + several) * dataset.split("train").rows
        with progress(f"train {step.network.title}", jets) as advance:
            built = _first(step, several, dataset, settings, work, advance, objective)
            if step.network.starts_from and settings.warm_start:
                source = next(each for each in trained if each.network.name == step.network.starts_from)
                training.warm_start(built, source.model)
                training.choose_bits(built, source.model, dataset, settings, objective)
            history = training.train(
                built,
                dataset,
                phase,
                settings,
                work / f"{step.network.name}.npz",
                advance,
                objective=objective,
                pruning=settings.pruning if step.network.quantized else None,
            )
        trained.append(TrainedNetwork(step.network, built, history, count(built)))
    return trained


def _first(
    step: Step,
    several: int,
    dataset: Images,
    settings: TrainSettings,
    work: Path,
    advance: training.Advance,
    objective: Objective,
) -> keras.Model:
    """A network with its first weights; of several, those with the smallest validation loss after an epoch."""
    keras.utils.set_random_seed(settings.seed)
    built = step.build()
    if not several:
        return built
    epoch = settings.float_training.model_copy(update={"epochs": 1})
    found = []
    for number in range(several):
        if number:
            keras.utils.set_random_seed(settings.seed + number)
            built = step.build()
        checkpoint = work / f"{step.network.name}_start_{number}.npz"
        history = training.train(built, dataset, epoch, settings, checkpoint, advance, objective=objective)
        found.append((history.val_loss[-1], number, built))
    return min(found, key=lambda each: each[:2])[2]
