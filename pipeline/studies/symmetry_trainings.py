"""The trainings of a study of symmetries, alone or several at a time; each is kept as soon as it is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import console
from pipeline.artefacts.json_file import write_json
from pipeline.studies.image_sets import ImageSet, checkpoints, make_image_sets

if TYPE_CHECKING:
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers import Reader
    from models.settings import ModelSettings, TrainSettings
    from models.studies.symmetries import SymmetryStudySettings, TrainedVariant, VariantSettings


@dataclass(frozen=True)
class Study:
    """The jets, all that is configured, and the folder that outlives an interruption."""

    reader: Reader
    files: dict[Path, int]
    sets: dict[str, ImagesSettings]
    what: SymmetryStudySettings
    network: ModelSettings
    how: TrainSettings
    workers: int
    work: Path

    def upright(self, name: str) -> Path:
        """The dataset of one image set, of the jets as they are; made where it is not there."""
        return self._images(name, self.reader, "as they are", self.work / f"images_{name}")

    def turned(self, name: str) -> Path:
        """The dataset of one image set, of the jets turned."""
        from data_prep.jets.rotation import RotatedReader

        reader = RotatedReader(self.reader, self.what.turn_seed)
        return self._images(name, reader, "turned", self.work / f"turned_{name}")

    def model_file(self, variant: VariantSettings, seed: int) -> Path:
        """The quantized network of one training."""
        return self.work / f"{variant.name}_{seed}.h5"

    def jets(self) -> dict[str, int]:
        """The jets of each split."""
        from data_prep.store.jet_images import open_dataset

        dataset = open_dataset(self.upright(self.what.image_sets[0]))
        return {name: split.rows for name, split in dataset.splits.items()}

    def train_all(self, at_a_time: int) -> None:
        """Every variant with every seed; those that are there already are not trained again.

        Args:
            at_a_time: trainings at the same time, each in a process of its own; 1: here, with a progress bar each. The
                networks do not depend on it.
        """
        from data_prep.streams.executors.ordered import in_order
        from data_prep.streams.executors.processes import Processes

        missing = [
            (variant, seed)
            for seed in self.what.seeds
            for variant in self.what.variants
            if not self._record(variant, seed).exists()
        ]
        if at_a_time == 1:
            for variant, seed in missing:
                self.train(variant, seed, _bar(f"{variant.name}, seed {seed}"))
            return
        for name in self.what.image_sets:
            self.upright(name)
            self.turned(name)
        tasks = (_Training(self, *each) for each in missing)
        with (
            Processes(at_a_time, "use fewer --trainings") as executor,
            console.progress("trainings", len(missing), "networks") as advance,
        ):
            for outcome in in_order(executor, tasks, retries=0):
                if isinstance(outcome, Exception):
                    raise outcome
                advance(1)

    def trained(self, variant: VariantSettings, seed: int) -> TrainedVariant:
        """What one training came to."""
        from models.studies.symmetries import TrainedVariant

        return TrainedVariant.of_json(json.loads(self._record(variant, seed).read_text(encoding="utf-8")))

    def train(self, variant: VariantSettings, seed: int, progress: Progress) -> None:
        """One training; begun before, it goes on at its last epoch."""
        from data_prep.store.jet_images import open_dataset
        from models.files.load import save_model
        from models.studies.symmetries import network_of, train_variant, training_of

        upright, turned = (open_dataset(folder(variant.images)) for folder in (self.upright, self.turned))
        network, how = network_of(variant, self.network), training_of(variant, self.how, seed)
        with checkpoints(self.work / f"{variant.name}_{seed}.checkpoints") as folder:
            found, made = train_variant(upright, turned, network, how, folder, progress)
            save_model(made, self.model_file(variant, seed))
            write_json(self._record(variant, seed), found.as_json())

    def _record(self, variant: VariantSettings, seed: int) -> Path:
        return self.work / f"{variant.name}_{seed}.json"

    def _images(self, name: str, reader: Reader, how: str, folder: Path) -> Path:
        wanted = ImageSet(folder, self.sets[name], reader)
        make_image_sets([wanted], self.files, self.workers, f"images '{name}', {how}")
        return folder


Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows how far a training is, by its title and its number of jets."""


def _bar(name: str) -> Progress:
    def progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
        return console.progress(f"{name}: {title}", jets, "jets")

    return progress


@contextmanager
def _silent(title: str, jets: int) -> Iterator[Callable[[int], None]]:
    """No bar: several processes would write over each other."""
    yield lambda n: None


@dataclass(frozen=True)
class _Training:
    """One training as the task of a process, which has TensorFlow for itself."""

    study: Study
    variant: VariantSettings
    seed: int

    def __call__(self) -> bytes:
        from models.training.network import prepare

        prepare(self.study.how)
        self.study.train(self.variant, self.seed, _silent)
        return b""
