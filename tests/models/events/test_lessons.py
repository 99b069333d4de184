"""The losses of maps with a teacher, and a training with one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from models.events import training as event_training
from models.settings import TrainSettings
from models.training import network as training
from models.training.teacher_settings import TeacherSettings, TeacherTopology
from tests.models.taught import equal_where_the_teacher_is_right


def _silent(title: str, jets: int) -> Any:
    return nullcontext(lambda done: None)


def test_losses_of_maps(events: Any, event_settings: Callable[..., Any], rng: np.random.Generator) -> None:
    settings, batch = event_settings("panoptic"), events.batches["train"].take(np.arange(20))
    objective = event_training.objective(settings, batch.wrap, [0.4, 0.3, 0.2, 0.05, 0.05], events.towers)
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
    equal_where_the_teacher_is_right(objective, batch, outputs, scores)


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
    trained = event_training.train(events, event_settings("panoptic"), how, tmp_path, _silent)
    assert np.isfinite(trained[-1].history.val_loss).all()
    assert {path.name for path in tmp_path.glob("teacher_*.npy")} == {
        f"teacher_{split}_{output}.npy" for split in ("train", "validation") for output in range(4)
    }
