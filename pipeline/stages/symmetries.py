"""`symmetries`: networks with built-in rotation symmetry beside one that has to learn it."""

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
from pipeline.studies.symmetry_trainings import Study

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

    Each is trained with several seeds and measured on test jets as they are and rotated; images.yaml must not rotate
    jets itself. If it is interrupted, give the same command again: it goes on at the last epoch.
    """
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from models.files.meaning import MEANING, Meaning
    from models.settings import ModelSettings, TrainSettings
    from models.studies.symmetries import SymmetryStudySettings, network_of, require_buildable, summary

    what = load(config, SymmetryStudySettings)
    pictures = load(images_config, ImagesSettings)
    network, how = load(model_config, ModelSettings), load(train_config, TrainSettings)
    sets = _image_sets(what, pictures, config)
    reader, files, _ = reader_of(input_files(inputs, console.warn), pictures.options, pictures.layout)
    settings = {"symmetries": what, "images": pictures, "model": network, "train": how}
    with artefact(out, "symmetries", settings=settings, inputs={"files": list(files)}) as space:
        from models.training.network import prepare

        prepare(how)
        try:
            require_buildable(what, network, sets)
        except ConfigurationError as error:
            raise ConfigurationError(error.problem, file=model_config, remedy=error.remedy) from None
        study = Study(reader, files, sets, what, network, how, workers, space.work)
        study.train_all(trainings)
        found = {each.name: summary(each, [study.trained(each, seed) for seed in what.seeds]) for each in what.variants}
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
            meaning = Meaning.of_training(sets[variant.images].description, network_of(variant, network))
            meaning.save(space.path / f"{variant.name}.{MEANING}")
        for name in what.image_sets:
            study.upright(name).rename(space.path / f"images_{name}")
    best = max(found, key=lambda name: _auc(found[name]))
    console.done(
        "symmetries",
        f"{out}: {len(found)} networks with {len(what.seeds)} seed{'s'[: len(what.seeds) > 1]} each; the largest "
        "macro-AUC on rotated jets, "
        f"{_auc(found[best]):.4f}, has '{best}'",
    )


def _image_sets(what: SymmetryStudySettings, pictures: ImagesSettings, config: Path) -> dict[str, ImagesSettings]:
    """The settings of every image set by name."""
    from pydantic import ValidationError

    from models.studies.symmetries import BASE

    sets = {BASE: pictures}
    for name, each in what.images.items():
        try:
            sets[name] = each.of(pictures)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ConfigurationError(f"'images.{name}': {reason}", file=config) from None
    return sets


def _auc(found: dict[str, Any]) -> float:
    from models.studies.symmetries import TURNED

    return float(found["networks"]["quantized"][TURNED]["macro_auc"]["mean"])


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
