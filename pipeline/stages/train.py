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

    All are measured on the same test images. The task is that of model.yaml: classification, regression, segmentation,
    detection, or panoptic, which is segmentation and detection together.
    """
    from models.settings import TrainSettings
    from models.tasks.registry import TASKS, TaskChoice

    task = TASKS[load(model_config, TaskChoice).task]  # what else the file holds is looked at afterwards
    train_settings, network = load(config, TrainSettings), load(model_config, task.settings)
    inputs: dict[str, Any] = {"images": images}
    if train_settings.teacher and train_settings.teacher.files:
        from models.files.meaning import meaning_beside

        beside = dict.fromkeys(meaning_beside(file) for file in train_settings.teacher.files)
        inputs["files"] = [*train_settings.teacher.files, *(file for file in beside if file.exists())]
    with artefact(out, "train", settings={"train": train_settings, "model": network}, inputs=inputs) as space:
        from models.files.meaning import Meaning
        from models.training.network import prepare

        prepare(train_settings)
        try:
            training = task.train(images, network, train_settings, space.work, progress)
        except ConfigurationError as error:
            file = config if isinstance(error, TrainingSettingsError) else model_config
            raise type(error)(error.problem, file=file, remedy=error.remedy) from None
        _save(training, Meaning.of_training(training.images, network), space)
    for message in training.warnings:
        warn(message)
    done("train", training.line)


def _save(training: Training, meaning: Meaning, space: Workspace) -> None:
    """Write the results of all tasks: models, their meaning, history, arithmetic, metrics."""
    import numpy as np

    from models.files.load import save_model
    from models.files.meaning import MEANING

    for trained in training.networks:
        save_model(trained.model, space.path / f"{trained.network.name}.h5")
    meaning.save(space.path / MEANING)
    write_json(
        space.path / "history.json", {trained.network.name: trained.history.as_json() for trained in training.networks}
    )
    write_json(
        space.path / "arithmetic.json",
        {trained.network.name: trained.arithmetic.as_json() for trained in training.networks},
    )
    write_json(space.path / "metrics.json", training.metrics)
    for file, arrays in training.arrays.items():
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
