"""What a teacher must not change: shared by the tests of the tasks' losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from models.training import lessons
from models.training.objective import Objective


def equal_where_the_teacher_is_right(objective: Objective, batch: Any, outputs: list[Any], scores: Any) -> None:
    """A teacher that says the truth changes no loss, however much it counts; one that does not does."""
    truths = objective.targets(batch)
    plain = [loss(tf.constant(t), o) for loss, t, o in zip(objective.losses, truths, outputs, strict=True)]
    for share in (0.3, 1.0):
        aim = lessons.taught(objective, share)
        for changes in (False, True):
            said = [score * 0.5 if changes else score for score in scores]
            both = aim.joined(truths, said)
            losses = [loss(tf.constant(t), o) for loss, t, o in zip(aim.losses, both, outputs, strict=True)]
            for untaught, value in zip(plain, losses, strict=True):
                # the loss of Keras is a mean over the images
                assert np.allclose(np.mean(untaught), np.mean(value), rtol=1e-4) != changes
