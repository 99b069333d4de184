"""The stage `symmetries`: what a network gains that knows how jets are turned, over one that has to learn it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import ConfigurationError
from pipeline import console
from pipeline.artefact import artefact, write_json
from pipeline.configuration import load

if TYPE_CHECKING:
    from data_prep.images import ImagesSettings
    from data_prep.readers import Reader
    from models.settings import ModelSettings, TrainSettings
    from models.symmetry_study import SymmetryStudySettings, Trained, VariantSettings


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Files, folders of them, patterns, or https:// and root:// URLs."),
    ],
    config: Annotated[Path, typer.Option(help="What is compared: symmetries.yaml.")],
    images: Annotated[Path, typer.Option(help="images.yaml, without rotation.")],
    model: Annotated[Path, typer.Option(help="The network: model.yaml.")],
    train: Annotated[Path, typer.Option(help="How to train: train.yaml.")],
    out: Annotated[Path, typer.Option(help="Folder to make, build/<run>/26_symmetries.")],
    workers: Annotated[int, typer.Option(min=0, help="Processes that make images, as of `images`.")] = 0,
) -> None:
    """Train plain and symmetric networks with several seeds, and measure them on test jets as they are and turned.

    A run that was interrupted goes on where it was, at the last epoch, when the same command is given again.
    """
    from data_prep.images import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from models.settings import ModelSettings, TrainSettings
    from models.symmetry_study import SymmetryStudySettings, require_buildable, summary

    what = load(config, SymmetryStudySettings)
    pictures = load(images, ImagesSettings)
    network, how = load(model, ModelSettings), load(train, TrainSettings)
    sets = _image_sets(what, pictures, config)
    reader, files, _ = reader_of(input_files(inputs), pictures.options, pictures.layout)
    settings = {"symmetries": what, "images": pictures, "model": network, "train": how}
    with artefact(out, "symmetries", settings=settings, inputs=list(files)) as space:
        from models.training import prepare

        prepare(how)
        try:
            require_buildable(what, network, sets)
        except ConfigurationError as error:
            raise ConfigurationError(error.what, file=model, remedy=error.remedy) from None
        study = _Study(reader, files, sets, what, network, how, workers, space.work)
        trained: dict[str, list[Trained]] = {each.name: [] for each in what.variants}
        for seed in what.seeds:
            for variant in what.variants:
                trained[variant.name].append(study.trained(variant, seed))
        found = {each.name: summary(each, trained[each.name]) for each in what.variants}
        content = {
            "names": [each.name for each in what.variants],
            "classes": [each.name for each in pictures.classes],
            "seeds": what.seeds,
            "jets": study.jets(),
            "variants": found,
        }
        write_json(space.path / "symmetries.json", content)
        for variant in what.variants:
            shutil.copy(study.model_file(variant, what.seeds[0]), space.path / f"{variant.name}.h5")
        for name in what.image_sets:
            study.upright(name).rename(space.path / f"images_{name}")
    best = max(found, key=lambda name: _auc(found[name]))
    console.done(
        "symmetries",
        f"{out}: {len(found)} networks with {len(what.seeds)} seed{'s'[: len(what.seeds) > 1]} each; the largest "
        "macro-AUC on turned jets, "
        f"{_auc(found[best]):.4f}, has '{best}'",
    )


def _image_sets(what: SymmetryStudySettings, pictures: ImagesSettings, config: Path) -> dict[str, ImagesSettings]:
    """The settings of every image set by name."""
    from pydantic import ValidationError

    from models.symmetry_study import BASE

    sets = {BASE: pictures}
    for name, each in what.images.items():
        try:
            sets[name] = each.of(pictures)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ConfigurationError(f"'images.{name}': {reason}", file=config) from None
    return sets


def _auc(found: dict[str, Any]) -> float:
    from models.symmetry_study import TURNED

    return float(found["networks"]["quantized"][TURNED]["macro_auc"]["mean"])


@dataclass(frozen=True)
class _Study:
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
        from data_prep.turned_jets import TurnedReader

        reader = TurnedReader(self.reader, self.what.turn_seed)
        return self._images(name, reader, "turned", self.work / f"turned_{name}")

    def model_file(self, variant: VariantSettings, seed: int) -> Path:
        """The quantized network of one training."""
        return self.work / f"{variant.name}_{seed}.h5"

    def jets(self) -> dict[str, int]:
        """The jets of each split."""
        from data_prep.dataset import open_dataset

        dataset = open_dataset(self.upright(self.what.image_sets[0]))
        return {name: split.rows for name, split in dataset.splits.items()}

    def trained(self, variant: VariantSettings, seed: int) -> Trained:
        """One training; kept as soon as it is done."""
        from data_prep.dataset import open_dataset
        from models.load import save_model
        from models.symmetry_study import Trained, network_of, train_variant, training_of

        done = self.work / f"{variant.name}_{seed}.json"
        if done.exists():
            return Trained.of_json(json.loads(done.read_text(encoding="utf-8")))

        def progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
            return console.progress(f"{variant.name}, seed {seed}: {title}", jets, "jets")

        upright, turned = (open_dataset(folder(variant.images)) for folder in (self.upright, self.turned))
        checkpoints = self.work / f"{variant.name}_{seed}.checkpoints"
        checkpoints.mkdir(exist_ok=True)
        network, how = network_of(variant, self.network), training_of(variant, self.how, seed)
        found, made = train_variant(upright, turned, network, how, checkpoints, progress)
        save_model(made, self.model_file(variant, seed))
        write_json(done, found.as_json())
        shutil.rmtree(checkpoints)
        return found

    def _images(self, name: str, reader: Reader, how: str, folder: Path) -> Path:
        from data_prep.executors.choice import executor_of
        from data_prep.image_stream import make_images

        if folder.exists():
            return folder
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        total = sum(self.files.values())
        with (
            executor_of(total, self.workers) as executor,
            console.progress(f"images '{name}', {how}", total, "jets") as advance,
        ):
            make_images(self.files, reader, self.sets[name], partial, advance, console.warn, executor=executor)
        partial.rename(folder)
        return folder
