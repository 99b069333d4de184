"""What candidates cost: the networks of one topology, trained on float images and on images of N candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.errors import ConfigurationError, InputFileError
from data_prep.settings import Seed, Settings
from data_prep.store.jet_images import ImageDataset
from data_prep.system.whole import whole_file
from models.architectures.registry import networks
from models.metrics.bootstrap import ValueWithError, macro_auc_replicas, value_with_error
from models.quantization.exact import exact_inference
from models.settings import ModelSettings, TrainSettings
from models.training.in_turn import Progress
from models.training.scores import predict, truth
from models.training.taggers import train_networks

FLOAT = "float"
"""The images of all constituents, in floating point."""

Key = npt.NDArray[np.void]


class CandidateCostSettings(Settings):
    """What `candidates.yaml` holds: which numbers of candidates are compared, and how errors are estimated."""

    numbers: tuple[Annotated[int, Field(ge=1, le=128)], ...] = (8, 16, 32, 64)
    """Candidates of a jet, ascending."""
    networks: tuple[str, ...] = Field(default=("float_separable", "model"), min_length=1)
    """The networks that are trained on each, by their names in `30_model/`."""
    replicas: int = Field(default=200, ge=2, le=10_000)
    """Replicas of the test jets for the statistical error."""
    seed: Seed = 1
    """Seed of the replicas."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not self.numbers or list(self.numbers) != sorted(set(self.numbers)):
            raise ValueError(f"'numbers' must ascend from 1 on, they are {list(self.numbers)}")
        return self

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the image sets: `float`, and the numbers of candidates."""
        return (FLOAT, *map(str, self.numbers))


@dataclass(frozen=True)
class Scored:
    """What the networks of one image set say about its test jets.

    Attributes:
        key: which jet it is: event, pT, η.
        label: uint8 [jets].
        weight: float32 [jets].
        scores: float32 [jets, classes] by network.
    """

    key: Key
    label: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.float32]
    scores: dict[str, npt.NDArray[np.float32]]

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        scores = {f"score {name}": values for name, values in self.scores.items()}
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez(file, key=self.key, label=self.label, weight=self.weight, **scores)

    @classmethod
    def load(cls, path: Path) -> Scored:
        """Read it."""
        with np.load(path, allow_pickle=False) as file:
            scores = {name.removeprefix("score "): file[name] for name in file.files if name.startswith("score ")}
            return cls(file["key"], file["label"], file["weight"], scores)

    def take(self, rows: npt.NDArray[np.int64]) -> Scored:
        """Some of the jets."""
        scores = {name: values[rows] for name, values in self.scores.items()}
        return Scored(self.key[rows], self.label[rows], self.weight[rows], scores)


def require_known(settings: CandidateCostSettings, model: ModelSettings, grid: str) -> None:
    """Make sure that there are these networks, before any work.

    Raises:
        ConfigurationError: a name that is none.
    """
    known = [network.name for network in networks(model, grid)]
    for name in settings.networks:
        if name not in known:
            raise ConfigurationError(f"'networks': there is no '{name}'", remedy=f"there are {', '.join(known)}")


def train_and_score(
    dataset: ImageDataset,
    model: ModelSettings,
    how: TrainSettings,
    settings: CandidateCostSettings,
    work: Path,
    progress: Progress,
) -> Scored:
    """Train the networks on one image set; a stopped call goes on where it was.

    Raises:
        ConfigurationError: a network that does not fit the images.
        InputFileError: images that cannot be trained on.
        PipelineError: a training that diverged.
    """
    taggers = train_networks(dataset, model, how, work, progress, only=settings.networks)
    scores = {tagger.network.name: predict(exact_inference(tagger.model), dataset, "test") for tagger in taggers}
    label, weight = truth(dataset, "test")
    return Scored(_keys(dataset), label, weight, scores)


def _keys(dataset: ImageDataset) -> Key:
    """What tells the test jets apart."""
    key_type = np.dtype([("event", np.uint64), ("pt", np.float32), ("eta", np.float32)])
    parts = []
    for batch in dataset.split("test").batches(1 << 16):
        part = np.empty(len(batch), key_type)
        part["event"], part["pt"], part["eta"] = batch.event, batch.features["jet_pt"], batch.features["jet_eta"]
        parts.append(part)
    return np.concatenate(parts)


def common(scored: Mapping[str, Scored]) -> dict[str, Scored]:
    """The jets that every image set has an image of, in one order.

    Raises:
        InputFileError: there are none.
    """
    keys = [np.unique(part.key, return_index=True) for part in scored.values()]
    shared = keys[0][0]
    for unique, _ in keys[1:]:
        shared = np.intersect1d(shared, unique)
    if not shared.size:
        raise InputFileError("the image sets share no test jet", remedy="give more jets")
    return {
        name: part.take(rows[np.searchsorted(unique, shared)])
        for (name, part), (unique, rows) in zip(scored.items(), keys, strict=True)
    }


@dataclass(frozen=True)
class Cost:
    """One network on one image set.

    Attributes:
        macro_auc: with its statistical error.
        difference: macro-AUC less that of the same network on the float images, with the error of the difference.
    """

    macro_auc: ValueWithError
    difference: ValueWithError

    def as_json(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self)


def costs(scored: Mapping[str, Scored], settings: CandidateCostSettings) -> dict[str, dict[str, Cost]]:
    """By image set and network; `scored` is of `common` jets."""
    reference = scored[FLOAT]
    all_scores = {f"{name} {network}": s for name, part in scored.items() for network, s in part.scores.items()}
    replicas = macro_auc_replicas(all_scores, reference.label, reference.weight, settings.replicas, settings.seed)

    def costs_of(name: str) -> Iterator[tuple[str, Cost]]:
        for network in reference.scores:
            values, float_values = replicas[f"{name} {network}"], replicas[f"{FLOAT} {network}"]
            yield network, Cost(value_with_error(values), value_with_error(values, float_values))

    return {name: dict(costs_of(name)) for name in scored}
