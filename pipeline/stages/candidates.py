"""The stage `candidates`: what it costs that firmware sees N integer candidates of a jet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from data_prep.errors import ConfigurationError, TrainingSettingsError
from pipeline import console
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.options import ImagesConfig, Inputs, ModelConfig, TrainConfig, Workers, result, settings_file
from pipeline.stage import Stage
from pipeline.studies.image_sets import ImageSet, checkpoints, make_image_sets

if TYPE_CHECKING:
    from data_prep.images.jets import ImagesSettings
    from data_prep.jets.candidates import CandidateSettings
    from data_prep.readers import Reader
    from models.settings import ModelSettings, TrainSettings
    from models.studies.candidate_cost import CandidateCostSettings, Scored


def run(
    inputs: Inputs,
    config: Annotated[Path, settings_file("candidates.yaml")],
    images_config: ImagesConfig,
    model_config: ModelConfig,
    train_config: TrainConfig,
    out: Annotated[Path, result("a folder, build/<run>/25_candidates")],
    workers: Workers = 0,
) -> None:
    """Measure what is lost if firmware sees N candidates a jet.

    Candidates are the constituents of the files in the number format of the trigger; in the simulation those of offline
    particle flow, without PUPPI, about the exact jet axis. The same networks are trained on images of all constituents
    in floating point, and on images of the N hardest ones as integers; images.yaml needs a section `candidates`. If it
    is interrupted, give the same command again: image sets that are done are kept.
    """
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from models.settings import ModelSettings, TrainSettings
    from models.studies.candidate_cost import FLOAT, CandidateCostSettings, common, costs, require_known

    what = load(config, CandidateCostSettings)
    pictures = load(images_config, ImagesSettings)
    network, how = load(model_config, ModelSettings), load(train_config, TrainSettings)
    if pictures.candidates is None:
        remedy = "add one, as configs/trigger/images.yaml has it"
        raise ConfigurationError("has no section 'candidates'", file=images_config, remedy=remedy)
    try:
        require_known(what, network, pictures.grid.kind)
    except ConfigurationError as error:
        raise ConfigurationError(error.what, file=config, remedy=error.remedy) from None
    reader, files, _ = reader_of(input_files(inputs, console.warn), pictures.options, pictures.layout)
    study = _Study(reader, files, pictures, pictures.candidates, what, network, how, workers)
    settings = {"candidates": what, "images": pictures, "model": network, "train": how}
    with artefact(out, "candidates", settings=settings, inputs={"files": list(files)}) as space:
        from models.training.network import prepare

        shares = study.shares()
        prepare(how)
        try:
            shared = common({name: study.scored(name, space.work) for name in what.variants})
        except ConfigurationError as error:
            file = train_config if isinstance(error, TrainingSettingsError) else model_config
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

        from data_prep.closure.candidate_share import ShareBuilder
        from data_prep.images.jets import select
        from data_prep.jets.candidates import candidates_of
        from data_prep.streams.cutflow import Fate
        from data_prep.streams.entry_range import ranges

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
        from data_prep.store.jet_images import open_dataset
        from models.studies.candidate_cost import Scored, train_and_score

        done = work / f"{name}.npz"
        if done.exists():
            return Scored.load(done)
        folder = work / name
        self._make_images(name, folder)

        def progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
            return console.progress(f"{title}, {name}", jets, "jets")

        with checkpoints(work / f"{name}.checkpoints") as kept:
            scored = train_and_score(open_dataset(folder), self.network, self.how, self.what, kept, progress)
            scored.save(done)
        shutil.rmtree(folder)
        return scored

    def _make_images(self, name: str, folder: Path) -> None:
        """The dataset of one variant: of all constituents in floating point, or of a number of candidates."""
        from models.studies.candidate_cost import FLOAT

        few = None if name == FLOAT else self.candidates.model_copy(update={"number": int(name)})
        pictures = self.pictures.model_copy(update={"candidates": few})
        make_image_sets([ImageSet(folder, pictures, self.reader)], self.files, self.workers, f"images, {name}")


STAGE = Stage(
    run,
    place=25,
    example=r"""
python -m pipeline candidates --config configs/trigger/candidates.yaml \
  --images-config configs/trigger/images.yaml \
  --model-config configs/trigger/model.yaml \
  --train-config configs/trigger/train.yaml \
  build/trigger/10_root --out build/trigger/25_candidates
""",
    artefact="25_candidates",
    inputs=("generate",),
)
