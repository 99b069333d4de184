"""The stage `candidates`: the loss of performance if firmware sees only N integer candidates of a jet."""

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
    is interrupted, give the same command again: finished image sets are kept.
    """
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from models.settings import ModelSettings, TrainSettings
    from models.studies.candidate_cost import FLOAT, CandidateCostSettings, common, costs, require_known

    study_settings = load(config, CandidateCostSettings)
    image_settings = load(images_config, ImagesSettings)
    network, train_settings = load(model_config, ModelSettings), load(train_config, TrainSettings)
    if image_settings.candidates is None:
        remedy = "add one, as in configs/trigger/images.yaml"
        raise ConfigurationError("has no section 'candidates'", file=images_config, remedy=remedy)
    try:
        require_known(study_settings, network, image_settings.grid.kind)
    except ConfigurationError as error:
        raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
    reader, files, _ = reader_of(input_files(inputs, console.warn), image_settings.options, image_settings.layout)
    study = _CandidateStudy(
        reader, files, image_settings, image_settings.candidates, study_settings, network, train_settings, workers
    )
    settings = {"candidates": study_settings, "images": image_settings, "model": network, "train": train_settings}
    with artefact(out, "candidates", settings=settings, inputs={"files": list(files)}) as space:
        from models.training.network import prepare

        shares = study.shares()
        prepare(train_settings)
        try:
            shared = common({name: study.scored(name, space.work) for name in study_settings.variants})
        except ConfigurationError as error:
            file = train_config if isinstance(error, TrainingSettingsError) else model_config
            raise type(error)(error.problem, file=file, remedy=error.remedy) from None
        cost_table = costs(shared, study_settings)
        content = {
            "numbers": study_settings.numbers,
            "classes": [class_settings.name for class_settings in image_settings.classes],
            "networks": study_settings.networks,
            "test_jets": len(shared[FLOAT].label),
            "replicas": study_settings.replicas,
            "cost": {name: {key: cost.as_json() for key, cost in row.items()} for name, row in cost_table.items()},
            "share": shares,
        }
        write_json(space.path / "cost.json", content)
    deployed = study_settings.networks[-1]
    line = ", ".join(f"{name} {row[deployed].macro_auc.value:.4f}" for name, row in cost_table.items())
    error_of_all = cost_table[FLOAT][deployed].macro_auc.error
    console.done("candidates", f"macro-AUC of '{deployed}' by candidates: {line} (± {error_of_all:.4f} each)")


@dataclass(frozen=True)
class _CandidateStudy:
    """The jets, and all settings of the study."""

    reader: Reader
    files: dict[Path, int]
    image_settings: ImagesSettings
    candidates: CandidateSettings
    settings: CandidateCostSettings
    network: ModelSettings
    train_settings: TrainSettings
    workers: int

    @property
    def total(self) -> int:
        """Entries of all files."""
        return sum(self.files.values())

    def shares(self) -> dict[str, Any]:
        """The share of pT and mass that candidates keep, over all selected jets."""
        import numpy as np

        from data_prep.closure.candidate_share import CandidateShares
        from data_prep.images.jets import select
        from data_prep.jets.candidates import candidates_of
        from data_prep.streams.cutflow import Fate
        from data_prep.streams.entry_range import ranges

        largest = self.candidates.model_copy(update={"number": self.settings.numbers[-1]})
        shares = CandidateShares(
            [class_settings.name for class_settings in self.image_settings.classes], self.settings.numbers
        )
        with console.progress("shares", self.total, "jets") as advance:
            for part in ranges(self.files, self.image_settings.chunk_jets):
                chunk = self.reader.read(part.file, part.start, part.stop)
                rows = np.flatnonzero(select(chunk, self.image_settings.selection) == Fate.KEPT)
                shares.add(chunk, rows, candidates_of(chunk, largest), largest)
                advance(len(part))
        return shares.as_json()

    def scored(self, name: str, work: Path) -> Scored:
        """The scores of the networks on one image set; stored in `work` after the training."""
        from data_prep.store.jet_images import open_dataset
        from models.studies.candidate_cost import Scored, train_and_score

        scores_file = work / f"{name}.npz"
        if scores_file.exists():
            return Scored.load(scores_file)
        folder = work / name
        self._make_images(name, folder)

        def progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
            return console.progress(f"{title}, {name}", jets, "jets")

        with checkpoints(work / f"{name}.checkpoints") as checkpoint_folder:
            scored = train_and_score(
                open_dataset(folder), self.network, self.train_settings, self.settings, checkpoint_folder, progress
            )
            scored.save(scores_file)
        shutil.rmtree(folder)
        return scored

    def _make_images(self, name: str, folder: Path) -> None:
        """The dataset of one variant: of all constituents in floating point, or of a number of candidates."""
        from models.studies.candidate_cost import FLOAT

        candidates = None if name == FLOAT else self.candidates.model_copy(update={"number": int(name)})
        image_settings = self.image_settings.model_copy(update={"candidates": candidates})
        make_image_sets([ImageSet(folder, image_settings, self.reader)], self.files, self.workers, f"images, {name}")


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
