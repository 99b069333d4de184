"""The trainings of a study of symmetries, one or several at a time; each is stored when it is finished."""

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
class SymmetryTrainings:
    """The jets, all settings of the study, and the folder that is kept after an interruption."""

    reader: Reader
    files: dict[Path, int]
    sets: dict[str, ImagesSettings]
    settings: SymmetryStudySettings
    network: ModelSettings
    train_settings: TrainSettings
    workers: int
    work: Path

    def upright(self, name: str) -> Path:
        """The dataset of one image set, of the jets as they are; it is made if it does not exist."""
        return self._images(name, self.reader, "as they are", self.work / f"images_{name}")

    def turned(self, name: str) -> Path:
        """The dataset of one image set, of the jets turned."""
        from data_prep.jets.rotation import RotatedReader

        reader = RotatedReader(self.reader, self.settings.turn_seed)
        return self._images(name, reader, "turned", self.work / f"turned_{name}")

    def model_file(self, variant: VariantSettings, seed: int) -> Path:
        """The quantized network of one training."""
        return self.work / f"{variant.name}_{seed}.h5"

    def jets(self) -> dict[str, int]:
        """The number of jets of each split."""
        from data_prep.store.jet_images import open_dataset

        dataset = open_dataset(self.upright(self.settings.image_sets[0]))
        return {name: split.rows for name, split in dataset.splits.items()}

    def train_all(self, at_a_time: int) -> None:
        """Train every variant with every seed; finished trainings are not repeated.

        Args:
            at_a_time: trainings at the same time, each in its own process; 1: in this process, with progress bars. The
                networks do not depend on it.
        """
        from data_prep.streams.executors.ordered import in_order
        from data_prep.streams.executors.processes import Processes

        missing = [
            (variant, seed)
            for seed in self.settings.seeds
            for variant in self.settings.variants
            if not self._record(variant, seed).exists()
        ]
        if at_a_time == 1:
            for variant, seed in missing:
                self.train(variant, seed, _bar(f"{variant.name}, seed {seed}"))
            return
        for name in self.settings.image_sets:
            self.upright(name)
            self.turned(name)
        tasks = (_Training(self, *task) for task in missing)
        with (
            Processes(at_a_time, "use fewer --trainings") as executor,
            console.progress("trainings", len(missing), "networks") as advance,
        ):
            for outcome in in_order(executor, tasks, retries=0):
                if isinstance(outcome, Exception):
                    raise outcome
                advance(1)

    def trained(self, variant: VariantSettings, seed: int) -> TrainedVariant:
        """The result of one training."""
        from models.studies.symmetries import TrainedVariant

        return TrainedVariant.of_json(json.loads(self._record(variant, seed).read_text(encoding="utf-8")))

    def train(self, variant: VariantSettings, seed: int, progress: Progress) -> None:
        """Run one training; after an interruption it continues at its last epoch."""
        from data_prep.store.jet_images import open_dataset
        from models.files.load import save_model
        from models.studies.symmetries import network_of, train_variant, training_of

        upright, turned = (open_dataset(folder(variant.images)) for folder in (self.upright, self.turned))
        network, train_settings = network_of(variant, self.network), training_of(variant, self.train_settings, seed)
        with checkpoints(self.work / f"{variant.name}_{seed}.checkpoints") as folder:
            result, model = train_variant(upright, turned, network, train_settings, folder, progress)
            save_model(model, self.model_file(variant, seed))
            write_json(self._record(variant, seed), result.as_json())

    def _record(self, variant: VariantSettings, seed: int) -> Path:
        return self.work / f"{variant.name}_{seed}.json"

    def _images(self, name: str, reader: Reader, description: str, folder: Path) -> Path:
        image_set = ImageSet(folder, self.sets[name], reader)
        make_image_sets([image_set], self.files, self.workers, f"images '{name}', {description}")
        return folder


Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows the progress of a training, by its title and its number of jets."""


def _bar(name: str) -> Progress:
    def progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
        return console.progress(f"{name}: {title}", jets, "jets")

    return progress


@contextmanager
def _silent(title: str, jets: int) -> Iterator[Callable[[int], None]]:
    """No bar, as several processes would write over each other."""
    yield lambda n: None


@dataclass(frozen=True)
class _Training:
    """One training as the task of a process with its own TensorFlow."""

    study: SymmetryTrainings
    variant: VariantSettings
    seed: int

    def __call__(self) -> bytes:
        from models.training.network import prepare

        prepare(self.study.train_settings)
        self.study.train(self.variant, self.seed, _silent)
        return b""
