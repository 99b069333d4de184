"""Train the networks of one architecture and the baseline on one dataset, and measure them on the same test jets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tensorflow import keras

from data_prep.dataset import ImageDataset
from data_prep.errors import ConfigurationError
from models import training, trees
from models.architectures import HARDWARE, Network, networks
from models.batches import survey
from models.exact import exact_inference
from models.metrics import Performance, performance
from models.model_arithmetic import ModelArithmetic, count
from models.scores import predict, truth
from models.settings import ModelSettings, TrainSettings
from models.tasks import classification

TREES = "trees"
"""The baseline's name in metrics and scores."""

Progress = Callable[[str, int], AbstractContextManager[training.Advance]]
"""Opens a progress bar: what is done, and of how many jets."""


@dataclass(frozen=True)
class Tagger:
    """One trained network with what was learned about it."""

    network: Network
    model: keras.Model
    history: training.History
    arithmetic: ModelArithmetic


@dataclass(frozen=True)
class Comparison:
    """All taggers and the baseline on the test split.

    Attributes:
        classes: names of the classes, in the order of scores and confusion matrices.
        label: uint8 [jets].
        weight: float32 [jets], event weights.
        scores: float32 [jets, classes] by name, `TREES` included.
        performance: metrics by name.
    """

    classes: tuple[str, ...]
    label: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.float32]
    scores: dict[str, npt.NDArray[np.float32]]
    performance: dict[str, Performance]

    def macro_auc(self, name: str) -> float:
        """The macro-AUC of one tagger, NaN where no class can be measured."""
        value = self.performance[name].macro_auc
        return float("nan") if value is None else value

    @property
    def beats_trees(self) -> bool:
        """Whether the network for hardware has a higher macro-AUC than the hand-made observables."""
        return self.macro_auc(HARDWARE) > self.macro_auc(TREES)

    def as_json(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return {name: found.as_json() for name, found in self.performance.items()} | {
            "classes": self.classes,
            "beats_trees": self.beats_trees,
        }


def train_networks(
    dataset: ImageDataset,
    model: ModelSettings,
    settings: TrainSettings,
    work: Path,
    progress: Progress,
    only: Collection[str] | None = None,
) -> list[Tagger]:
    """Train the networks of the chosen architecture one after the other; a stopped call goes on where it was.

    Args:
        dataset: the images.
        model: the network.
        settings: how to train.
        work: a folder for checkpoints, of this configuration and these images alone.
        progress: opens a progress bar.
        only: the names of the networks that are wanted; all where nothing is said.

    Raises:
        ConfigurationError: a network that does not fit the images, or a name that is none.
        TrainingSettingsError: a layer to be pruned that the quantized network does not have.
        InputFileError: images that cannot be trained on.
        PipelineError: a training that diverged.
    """
    survey(dataset, "test")  # a fault there should not show after the training
    taggers: list[Tagger] = []
    wanted = _wanted(networks(model, dataset.metadata.grid.kind), only)
    for network in wanted:
        if network.quantized:
            training.require_trainable(network.build(model, dataset.shape, len(dataset.classes)), settings)
    for network in wanted:
        keras.utils.set_random_seed(settings.seed)
        built = network.build(model, dataset.shape, len(dataset.classes))
        if network.starts_from and settings.warm_start:
            source = next(tagger for tagger in taggers if tagger.network.name == network.starts_from)
            training.warm_start(built, source.model)
            training.choose_bits(built, source.model, dataset, settings, classification.OBJECTIVE)
        phase = settings.quantized_training if network.quantized else settings.float_training
        with progress(f"train {network.title}", phase.epochs * dataset.split("train").rows) as advance:
            history = training.train(
                built,
                dataset,
                phase,
                settings,
                work / f"{network.name}.npz",
                advance,
                pruning=settings.pruning if network.quantized else None,
            )
        taggers.append(Tagger(network, built, history, count(built)))
    return taggers


def _wanted(all_: tuple[Network, ...], only: Collection[str] | None) -> list[Network]:
    """Some of the networks, with those that their training starts from."""
    names = [network.name for network in all_]
    unknown = sorted(set(only or ()) - set(names))
    if unknown:
        raise ConfigurationError(f"there is no network '{unknown[0]}'", remedy=f"the networks are {', '.join(names)}")
    starts = {network.starts_from for network in all_ if only is None or network.name in only}
    return [network for network in all_ if only is None or network.name in only or network.name in starts]


def compare(dataset: ImageDataset, taggers: list[Tagger], settings: TrainSettings, progress: Progress) -> Comparison:
    """Fit the baseline and measure everything on the test split; the taggers cannot be trained further after it."""
    label, weight = truth(dataset, "test")
    with progress("train trees", dataset.split("train").rows) as advance:
        baseline = trees.train_trees(dataset, settings.trees, settings.seed)
        advance(dataset.split("train").rows)
    for tagger in taggers:
        exact_inference(tagger.model)
    scores = {tagger.network.name: predict(tagger.model, dataset, "test") for tagger in taggers}
    scores[TREES] = trees.predict_trees(baseline, dataset, "test")
    measured = {name: performance(values, label, dataset.classes, weight) for name, values in scores.items()}
    return Comparison(dataset.classes, label, weight, scores, measured)
