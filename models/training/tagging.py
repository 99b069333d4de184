"""What taggers are trained for: one logit a class, cross entropy."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import keras

from models.training.batches import survey
from models.training.objective import Objective

OBJECTIVE = Objective(
    targets=lambda batch: (batch.label,),
    specs=(tf.TensorSpec((None,), tf.uint8),),
    losses=(keras.losses.SparseCategoricalCrossentropy(from_logits=True),),
    watched=lambda: keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
    mean_weight=lambda dataset, name: survey(dataset, name).mean_weight,
)
"""What the taggers are trained for."""
