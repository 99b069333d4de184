"""The losses of a regression with a teacher."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from data_prep.store.jet_images import ImageDataset
from models.regression import training
from models.settings import ModelSettings
from tests.models.taught import equal_where_the_teacher_is_right


def test_losses_of_a_regression(dataset: ImageDataset, beside_tagger: ModelSettings, rng: np.random.Generator) -> None:
    objective = training.objective(beside_tagger)
    batch = next(dataset.split("train").batches(50))
    label, numbers = objective.targets(batch)
    outputs = [tf.constant(rng.normal(0, 1, (50, 2)).astype(np.float32)) for _ in range(2)]
    equal_where_the_teacher_is_right(objective, batch, outputs, [np.eye(2, dtype=np.float32)[label], numbers])
