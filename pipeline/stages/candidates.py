"""The stage `candidates`: what it costs that firmware sees N integer candidates of a jet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import ConfigurationError, TrainingSettingsError
from pipeline import console
from pipeline.artefact import artefact
from pipeline.configuration import load
from pipeline.json_file import write_json

if TYPE_CHECKING:
    from data_prep.candidates import CandidateSettings
    from data_prep.images import ImagesSettings
    from data_prep.readers import Reader
    from models.candidate_cost import CandidateCostSettings, Scored
    from models.settings import ModelSettings, TrainSettings


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Files, folders of them, patterns, or https:// and root:// URLs."),
    ],
    config: Annotated[Path, typer.Option(help="What is compared: candidates.yaml.")],
    images: Annotated[Path, typer.Option(help="images.yaml, with a section `candidates`.")],
    model: Annotated[Path, typer.Option(help="The network: model.yaml.")],
    train: Annotated[Path, typer.Option(help="How to train: train.yaml.")],
    out: Annotated[Path, typer.Option(help="Folder to make, build/<run>/25_candidates.")],
    workers: Annotated[int, typer.Option(min=0, help="Processes that make images, as of `images`.")] = 0,
) -> None:
    """Train the same networks on float images and on images of N candidates, and record what N costs.

    A run that was interrupted goes on from the image sets that are done when the same command is given again.
    """
    from data_prep.images import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from models.candidate_cost import FLOAT, CandidateCostSettings, common, costs, require_known
    from models.settings import ModelSettings, TrainSettings

    what = load(config, CandidateCostSettings)
    pictures = load(images, ImagesSettings)
    network, how = load(model, ModelSettings), load(train, TrainSettings)
    if pictures.candidates is None:
        remedy = "add one, as configs/trigger/images.yaml has it"
        raise ConfigurationError("has no section 'candidates'", file=images, remedy=remedy)
    try:
        require_known(what, network, pictures.grid.kind)
    except ConfigurationError as error:
        raise ConfigurationError(error.what, file=config, remedy=error.remedy) from None
    reader, files, _ = reader_of(input_files(inputs, console.warn), pictures.options, pictures.layout)
    study = _Study(reader, files, pictures, pictures.candidates, what, network, how, workers)
    settings = {"candidates": what, "images": pictures, "model": network, "train": how}
    with artefact(out, "candidates", settings=settings, inputs={"files": list(files)}) as space:
        from models.training import prepare

        shares = study.shares()
        prepare(how)
        try:
            shared = common({name: study.scored(name, space.work) for name in what.variants})
        except ConfigurationError as error:
            file = train if isinstance(error, TrainingSettingsError) else model
            raise type(error)(error.what, file=file, remedy=error.remedy) from None
        found = costs(shared, what)
        content = {
            "numbers": what.numbers,
            "classes": [each.name for each in pictures.classes],
            "networks": what.networks,
            "test_jets": len(shared[FLOAT].label),
            "replicas": what.replicas,
            "cost": {name: {key: cost.as_json() for key, cost in each.items()} for name, each in found.items()},
            "share": shares,
        }
        write_json(space.path / "cost.json", content)
    last = what.networks[-1]
    line = ", ".join(f"{name} {each[last].macro_auc.value:.4f}" for name, each in found.items())
    error_of_all = found[FLOAT][last].macro_auc.error
    console.done("candidates", f"macro-AUC of '{last}' by candidates: {line} (± {error_of_all:.4f} each)")


@dataclass(frozen=True)
class _Study:
    """The jets, and all that is configured."""

    reader: Reader
    files: dict[Path, int]
    pictures: ImagesSettings
    candidates: CandidateSettings
    what: CandidateCostSettings
    network: ModelSettings
    how: TrainSettings
    workers: int

    @property
    def total(self) -> int:
        """Entries of all files."""
        return sum(self.files.values())

    def shares(self) -> dict[str, Any]:
        """The share of pT and mass that candidates keep, over all selected jets."""
        import numpy as np

        from data_prep.candidate_share import ShareBuilder
        from data_prep.candidates import candidates_of
        from data_prep.cutflow import Fate
        from data_prep.image_task import ranges
        from data_prep.images import select

        most = self.candidates.model_copy(update={"number": self.what.numbers[-1]})
        shares = ShareBuilder([each.name for each in self.pictures.classes], self.what.numbers)
        with console.progress("shares", self.total, "jets") as advance:
            for part in ranges(self.files, self.pictures.chunk_jets):
                chunk = self.reader.read(part.file, part.start, part.stop)
                rows = np.flatnonzero(select(chunk, self.pictures.selection) == Fate.KEPT)
                shares.add(chunk, rows, candidates_of(chunk, most), most)
                advance(len(part))
        return shares.as_json()

    def scored(self, name: str, work: Path) -> Scored:
        """The scores of the networks on one image set; kept in `work` as soon as they are known."""
        from data_prep.dataset import open_dataset
        from models.candidate_cost import Scored, train_and_score

        done = work / f"{name}.npz"
        if done.exists():
            return Scored.load(done)
        folder, checkpoints = work / name, work / f"{name}.checkpoints"
        self._make_images(name, folder)
        checkpoints.mkdir(exist_ok=True)

        def progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
            return console.progress(f"{title}, {name}", jets, "jets")

        dataset = open_dataset(folder)
        scored = train_and_score(dataset, self.network, self.how, self.what, checkpoints, progress)
        scored.save(done)
        shutil.rmtree(folder)
        shutil.rmtree(checkpoints)
        return scored

    def _make_images(self, name: str, folder: Path) -> None:
        """The dataset of one variant: of all constituents in floating point, or of a number of candidates."""
        from data_prep.executors.choice import executor_of
        from data_prep.image_stream import make_images
        from models.candidate_cost import FLOAT

        few = None if name == FLOAT else self.candidates.model_copy(update={"number": int(name)})
        pictures = self.pictures.model_copy(update={"candidates": few})
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with (
            executor_of(self.total, self.workers) as executor,
            console.progress(f"images, {name}", self.total, "jets") as advance,
        ):
            make_images(self.files, self.reader, pictures, folder, advance, console.warn, executor=executor)
