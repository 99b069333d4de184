"""Teachers of the other tasks: what a right teacher says changes no loss, and maps have teachers too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from data_prep.store.jet_images import ImageDataset
from models.settings import ModelSettings, TrainSettings
from models.tasks import events as event_tasks
from models.tasks import regression_training
from models.training import lessons
from models.training import network as training
from models.training.objective import Objective
from models.training.teacher_settings import TeacherSettings, TeacherTopology


def _silent(title: str, jets: int) -> Any:
    return nullcontext(lambda done: None)


def _equal_where_the_teacher_is_right(objective: Objective, batch: Any, outputs: list[Any], scores: Any) -> None:
    """A teacher that says the truth changes no loss, however much it counts; one that does not does."""
    truths = objective.targets(batch)
    plain = [loss(tf.constant(t), o) for loss, t, o in zip(objective.losses, truths, outputs, strict=True)]
    for share in (0.3, 1.0):
        aim = lessons.taught(objective, share)
        for changes in (False, True):
            given = [score * 0.5 if changes else score for score in scores]
            both = aim.joined(truths, given)
            found = [loss(tf.constant(t), o) for loss, t, o in zip(aim.losses, both, outputs, strict=True)]
            for one, other in zip(plain, found, strict=True):
                assert np.allclose(one, other, rtol=1e-4) != changes


def test_losses_of_a_regression(dataset: ImageDataset, beside_tagger: ModelSettings, rng: np.random.Generator) -> None:
    objective = regression_training.objective(beside_tagger)
    batch = next(dataset.split("train").batches(50))
    label, numbers = objective.targets(batch)
    outputs = [tf.constant(rng.normal(0, 1, (50, 2)).astype(np.float32)) for _ in range(2)]
    _equal_where_the_teacher_is_right(objective, batch, outputs, [np.eye(2, dtype=np.float32)[label], numbers])


def test_losses_of_maps(events: Any, event_settings: Callable[..., Any], rng: np.random.Generator) -> None:
    settings, batch = event_settings("panoptic"), events.batches["train"].take(np.arange(20))
    objective = event_tasks.objective(settings, batch.wrap, [0.4, 0.3, 0.2, 0.05, 0.05], events.towers)
    truths = objective.targets(batch)
    columns = truths[0].shape[2] + 2 * batch.wrap
    channels = [lesson.score(tf.zeros((1, 4, columns, 6))).shape[-1] for lesson in objective.lessons]
    assert channels == [6, 6, 6, 6]
    classes = np.eye(256, dtype=np.float32)[truths[0]][..., :5]
    scores = [classes, (truths[1][..., :1] >= 1).astype(np.float32), truths[2][..., :1], truths[3][..., :6]]
    outputs = [
        tf.constant(rng.normal(0, 1, (20, truths[0].shape[1], columns, size)).astype(np.float32))
        for size in (5, 1, 1, 6)
    ]
    _equal_where_the_teacher_is_right(objective, batch, outputs, scores)


def test_maps_are_taught(
    events: Any, event_settings: Callable[..., Any], train_settings: TrainSettings, tmp_path: Path
) -> None:
    """Segmentation and detection at once, with a larger U-Net, one epoch."""
    training.prepare(train_settings)
    one = train_settings.model_copy(
        update={
            "float_training": train_settings.float_training.model_copy(update={"epochs": 1}),
            "quantized_training": train_settings.quantized_training.model_copy(update={"epochs": 1}),
        }
    )
    how = one.model_copy(
        update={"teacher": TeacherSettings(weight=0.5, networks=1, topology=TeacherTopology(widths=(10, 12)))}
    )
    trained = event_tasks.train(events, event_settings("panoptic"), how, tmp_path, _silent)
    assert np.isfinite(trained[-1].history.val_loss).all()
    assert {path.name for path in tmp_path.glob("teacher_*.npy")} == {
        f"teacher_{split}_{output}.npy" for split in ("train", "validation") for output in range(4)
    }
