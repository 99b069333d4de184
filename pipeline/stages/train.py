"""`train`: the networks of a task on one set of images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import ConfigurationError, TrainingSettingsError
from pipeline.artefacts.artefact import Workspace, artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.console import done, progress, warn
from pipeline.options import ModelConfig, result, settings_file
from pipeline.stage import Stage

if TYPE_CHECKING:
    from models.files.meaning import Meaning
    from models.tasks.task import Training


def run(
    images: Annotated[Path, typer.Argument(help="Images: a folder made by `images`.")],
    config: Annotated[Path, settings_file("train.yaml")],
    model_config: ModelConfig,
    out: Annotated[Path, result("a folder, build/<run>/30_model")],
) -> None:
    """Train float and quantized networks on images.

    Each is measured on the same test images. The task is that of model.yaml: classification, regression,
    segmentation, detection or panoptic, which is both of these.
    """
    from models.settings import TrainSettings
    from models.tasks.registry import TASKS, TaskChoice

    task = TASKS[load(model_config, TaskChoice).task]  # what else the file holds is looked at afterwards
    how, network = load(config, TrainSettings), load(model_config, task.settings)
    inputs: dict[str, Any] = {"images": images}
    if how.teacher and how.teacher.files:
        from models.files.meaning import meaning_beside

        beside = dict.fromkeys(meaning_beside(file) for file in how.teacher.files)
        inputs["files"] = [*how.teacher.files, *(file for file in beside if file.exists())]
    with artefact(out, "train", settings={"train": how, "model": network}, inputs=inputs) as space:
        from models.files.meaning import Meaning
        from models.training.network import prepare

        prepare(how)
        try:
            made = task.train(images, network, how, space.work, progress)
        except ConfigurationError as error:
            file = config if isinstance(error, TrainingSettingsError) else model_config
            raise type(error)(error.what, file=file, remedy=error.remedy) from None
        _save(made, Meaning.of_training(made.images, network), space)
    for doubt in made.warnings:
        warn(doubt)
    done("train", made.line)


def _save(made: Training, meaning: Meaning, space: Workspace) -> None:
    """What all tasks leave: models, what their inputs and outputs mean, history, arithmetic, measurements."""
    import numpy as np

    from models.files.load import save_model
    from models.files.meaning import MEANING

    for each in made.networks:
        save_model(each.model, space.path / f"{each.network.name}.h5")
    meaning.save(space.path / MEANING)
    write_json(space.path / "history.json", {each.network.name: each.history.as_json() for each in made.networks})
    write_json(space.path / "arithmetic.json", {each.network.name: each.arithmetic.as_json() for each in made.networks})
    write_json(space.path / "metrics.json", made.metrics)
    for file, arrays in made.arrays.items():
        np.savez_compressed(space.path / file, **arrays)


STAGE = Stage(
    run,
    place=30,
    example=r"""
python -m pipeline train --config configs/demo/train.yaml \
  --model-config configs/demo/model.yaml \
  build/demo/20_images --out build/demo/30_model
""",
    artefact="30_model",
    inputs=("images",),
    in_every_run=True,
)
