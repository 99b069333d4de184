"""What taggers are trained for: one logit a class, cross entropy."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras

from models.training.batches import survey
from models.training.lessons import mean_of_losses
from models.training.objective import Lesson, Objective


def _of_label(label: Any, logits: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(label, tf.int32), logits)


def _of_score(label: Any, score: Any, logits: Any) -> Any:
    return tf.nn.softmax_cross_entropy_with_logits(score, logits)


OBJECTIVE = Objective(
    targets=lambda batch: (batch.label,),
    specs=(tf.TensorSpec((None,), tf.uint8),),
    losses=(keras.losses.SparseCategoricalCrossentropy(from_logits=True),),
    watched=lambda: keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
    mean_weight=lambda dataset, name: survey(dataset, name).mean_weight,
    lessons=(Lesson(tf.nn.softmax, mean_of_losses(_of_label, _of_score)),),
)
"""What the taggers are trained for."""
