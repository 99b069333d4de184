"""Train the networks of one architecture and the baseline on one dataset, and measure them on the same test jets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import ConfigurationError, TrainingSettingsError
from data_prep.store.jet_images import ImageDataset
from models.architectures.registry import HARDWARE, NetworkDefinition, networks
from models.baselines import trees
from models.baselines.tree_inputs import ConstituentSet, sees_all
from models.metrics.bootstrap import ValueWithError
from models.metrics.taggers import Performance, performance
from models.metrics.uncertainty import Uncertainties, uncertainties
from models.quantization.exact import exact_inference
from models.settings import ModelSettings, TrainSettings
from models.training.batches import survey
from models.training.in_turn import Progress, TrainedNetwork, of_jets, train_in_turn
from models.training.scores import predict, truth

TREES, TREES_SEEN = "trees", "trees_seen"
"""The names of the baselines in metrics and scores: on all constituents, and on those that the network sees."""
BASELINES: dict[str, ConstituentSet] = {TREES: "all", TREES_SEEN: "seen"}

Tagger = TrainedNetwork
"""One trained tagger with what was learned about it."""


@dataclass(frozen=True)
class Comparison:
    """All taggers and the baselines on the test split.

    Attributes:
        classes: names of the classes, in the order of scores and confusion matrices.
        label: uint8 [jets].
        weight: float32 [jets], event weights.
        scores: float32 [jets, classes] by name, the baselines included.
        performance: metrics by name.
        uncertainty: their statistical errors, and differences.
    """

    classes: tuple[str, ...]
    label: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.float32]
    scores: dict[str, npt.NDArray[np.float32]]
    performance: dict[str, Performance]
    uncertainty: Uncertainties

    def macro_auc(self, name: str) -> float:
        """The macro-AUC of one tagger, NaN where no class can be measured."""
        value = self.performance[name].macro_auc
        return float("nan") if value is None else value

    @property
    def beats_trees(self) -> dict[str, ValueWithError | None]:
        """By baseline, how much larger the macro-AUC of the network for hardware is, on the same jets.

        None where it cannot be measured. Empty without a baseline, for images without observables; `TREES` alone where
        the network sees all constituents.
        """
        named = [name for name in BASELINES if name in self.scores and HARDWARE in self.scores]
        return {name: self.uncertainty.macro_auc(HARDWARE, name) for name in named}

    def as_json(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return {name: found.as_json() for name, found in self.performance.items()} | {
            "classes": self.classes,
            "beats_trees": {name: None if found is None else asdict(found) for name, found in self.beats_trees.items()},
            "uncertainty": self.uncertainty.as_json(),
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
        TrainingSettingsError: a layer to be pruned that the quantized network does not have, or classes to be held
            against that are none, or all.
        InputFileError: images that cannot be trained on.
        PipelineError: a training that diverged.
    """
    _require_background(dataset.classes, settings.against)
    survey(dataset, "test")  # a fault there should not show after the training
    own = settings.teacher.own if settings.teacher else ()
    wanted = _wanted(networks(model, dataset.metadata.grid.kind), only, own)
    return train_in_turn([of_jets(network, model, dataset) for network in wanted], dataset, settings, work, progress)


def _require_background(classes: tuple[str, ...], against: tuple[str, ...]) -> None:
    for name in against:
        if name not in classes:
            what = f"'against' names '{name}', which is no class of the images"
            raise TrainingSettingsError(what, remedy=f"their classes are {', '.join(classes)}")
    if set(against) == set(classes):
        raise TrainingSettingsError("'against' names all classes", remedy="leave those out that are signal")


def _wanted(
    all_: tuple[NetworkDefinition, ...], only: Collection[str] | None, teachers: Collection[str]
) -> list[NetworkDefinition]:
    """Some of the networks, with those that their training starts from and those that teach quantized ones."""
    names = [network.name for network in all_]
    unknown = sorted(set(only or ()) - set(names))
    if unknown:
        raise ConfigurationError(f"there is no network '{unknown[0]}'", remedy=f"the networks are {', '.join(names)}")
    chosen = [network for network in all_ if only is None or network.name in only]
    needed = {network.name for network in chosen} | {network.starts_from for network in chosen}
    if any(network.quantized for network in chosen):
        needed |= set(teachers)
    return [network for network in all_ if network.name in needed]


def compare(dataset: ImageDataset, taggers: list[Tagger], settings: TrainSettings, progress: Progress) -> Comparison:
    """Fit the baselines and measure everything on the test split; the taggers cannot be trained further after it."""
    label, weight = truth(dataset, "test")
    baselines = _baselines(dataset, settings, progress)
    for tagger in taggers:
        exact_inference(tagger.model)
    scores = {tagger.network.name: predict(tagger.model, dataset, "test") for tagger in taggers} | baselines
    classes = dataset.classes
    found = {name: performance(values, label, classes, weight, settings.against) for name, values in scores.items()}
    errors = uncertainties(scores, label, classes, weight, settings.seed)
    return Comparison(classes, label, weight, scores, found, errors)


def _baselines(
    dataset: ImageDataset, settings: TrainSettings, progress: Progress
) -> dict[str, npt.NDArray[np.float32]]:
    """The scores of the baselines on the test split, by name."""
    if not dataset.metadata.observables:
        return {}
    wanted = {TREES: BASELINES[TREES]} if sees_all(dataset) else BASELINES
    scores = {}
    for name, of in wanted.items():
        with progress(f"train {name.replace('_', ' ')}", dataset.split("train").rows) as advance:
            baseline = trees.train_trees(dataset, of, settings.trees, settings.seed)
            advance(dataset.split("train").rows)
        scores[name] = trees.predict_trees(baseline, dataset, of, "test")
    return scores
