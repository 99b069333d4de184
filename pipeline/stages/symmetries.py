"""`symmetries`: networks with built-in rotation symmetry, compared with one that has to learn it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import ConfigurationError
from pipeline import console
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.options import ImagesConfig, Inputs, ModelConfig, TrainConfig, Workers, result, settings_file
from pipeline.stage import Stage
from pipeline.studies.symmetry_trainings import SymmetryTrainings

if TYPE_CHECKING:
    from data_prep.images.jets import ImagesSettings
    from models.studies.symmetries import SymmetryStudySettings


def run(
    inputs: Inputs,
    config: Annotated[Path, settings_file("symmetries.yaml")],
    images_config: ImagesConfig,
    model_config: ModelConfig,
    train_config: TrainConfig,
    out: Annotated[Path, result("a folder, build/<run>/26_symmetries")],
    workers: Workers = 0,
    trainings: Annotated[int, typer.Option(min=1, help="How many networks are trained at the same time.")] = 1,
) -> None:
    """Compare networks with and without built-in symmetries.

    Each is trained with several seeds and measured on the test jets, both as they are and rotated; images.yaml must not
    rotate jets itself. If it is interrupted, give the same command again: it continues at the last epoch.
    """
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from models.files.meaning import MEANING, Meaning
    from models.settings import ModelSettings, TrainSettings
    from models.studies.symmetries import SymmetryStudySettings, network_of, require_buildable, summary

    study_settings = load(config, SymmetryStudySettings)
    image_settings = load(images_config, ImagesSettings)
    network, train_settings = load(model_config, ModelSettings), load(train_config, TrainSettings)
    sets = _image_sets(study_settings, image_settings, config)
    reader, files, _ = reader_of(input_files(inputs, console.warn), image_settings.options, image_settings.layout)
    settings = {"symmetries": study_settings, "images": image_settings, "model": network, "train": train_settings}
    with artefact(out, "symmetries", settings=settings, inputs={"files": list(files)}) as space:
        from models.training.network import prepare

        prepare(train_settings)
        try:
            require_buildable(study_settings, network, sets)
        except ConfigurationError as error:
            raise ConfigurationError(error.problem, file=model_config, remedy=error.remedy) from None
        study = SymmetryTrainings(reader, files, sets, study_settings, network, train_settings, workers, space.work)
        study.train_all(trainings)
        summaries = {
            variant.name: summary(variant, [study.trained(variant, seed) for seed in study_settings.seeds])
            for variant in study_settings.variants
        }
        content = {
            "names": [variant.name for variant in study_settings.variants],
            "classes": [class_settings.name for class_settings in image_settings.classes],
            "seeds": study_settings.seeds,
            "jets": study.jets(),
            "variants": summaries,
        }
        write_json(space.path / "symmetries.json", content)
        for variant in study_settings.variants:
            shutil.copy(study.model_file(variant, study_settings.seeds[0]), space.path / f"{variant.name}.h5")
            meaning = Meaning.of_training(sets[variant.images].description, network_of(variant, network))
            meaning.save(space.path / f"{variant.name}.{MEANING}")
        for name in study_settings.image_sets:
            study.upright(name).rename(space.path / f"images_{name}")
    best = max(summaries, key=lambda name: _auc(summaries[name]))
    seeds = len(study_settings.seeds)
    console.done(
        "symmetries",
        f"{out}: {len(summaries)} networks with {seeds} seed{'s'[: seeds > 1]} each; the largest macro-AUC on rotated "
        f"jets, {_auc(summaries[best]):.4f}, has '{best}'",
    )


def _image_sets(
    study_settings: SymmetryStudySettings, image_settings: ImagesSettings, config: Path
) -> dict[str, ImagesSettings]:
    """The settings of every image set by name."""
    from pydantic import ValidationError

    from models.studies.symmetries import BASE

    sets = {BASE: image_settings}
    for name, changes in study_settings.images.items():
        try:
            sets[name] = changes.of(image_settings)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ConfigurationError(f"'images.{name}': {reason}", file=config) from None
    return sets


def _auc(summary: dict[str, Any]) -> float:
    from models.studies.symmetries import TURNED

    return float(summary["networks"]["quantized"][TURNED]["macro_auc"]["mean"])


STAGE = Stage(
    run,
    place=26,
    example=r"""
python -m pipeline symmetries --config configs/symmetries/symmetries.yaml \
  --images-config configs/symmetries/images.yaml \
  --model-config configs/symmetries/model.yaml \
  --train-config configs/symmetries/train.yaml \
  build/symmetries/10_root --out build/symmetries/26_symmetries
""",
    artefact="26_symmetries",
    inputs=("generate",),
)
