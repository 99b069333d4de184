"""Adam whose steps go with the size of the weights: small ones are moved by as small a share as large ones.

A step of Adam is about as large as the learning rate, whatever the gradient. The first layer looks at pixels of some 50
GeV, so its weights begin a hundred times smaller than a step of the others allows for: a few steps then change them
all, and filters end up negative everywhere, where a rectifier lets nothing through any more.

Source: N. Shazeer and M. Stern, Adafactor, arXiv:1804.04235, section 8: steps relative to the root mean square of the
weights. Here that of the initial weights, and for small ones only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

UNIT = 0.1
"""Root mean square from which on weights are moved by full steps: dense layers of a hundred inputs begin there."""


def step_sizes(variables: Sequence[tf.Variable]) -> list[float]:
    """By what the steps of each variable are multiplied: its root mean square over `UNIT`, at most 1.

    Vectors are biases, which may well begin at 0: their steps are whole.

    >>> weights = ([[0.01, -0.01]], [[0.5]], [0.0])
    >>> [round(size, 3) for size in step_sizes([tf.Variable(each) for each in weights])]
    [0.1, 1.0, 1.0]
    """
    sizes = []
    for variable in variables:
        size = float(np.sqrt(np.mean(np.square(variable.numpy(), dtype=np.float64)))) / UNIT
        sizes.append(min(size, 1.0) if len(variable.shape) > 1 and size > 0 else 1.0)
    return sizes


class RelativeAdam(keras.optimizers.Adam):  # type: ignore[misc]
    """Adam whose steps of every variable are multiplied by what `step_sizes` says when it is built.

    The factors are variables of the optimizer, so that a training that goes on from a checkpoint goes on with them.
    """

    def build(self, variables: Sequence[tf.Variable]) -> None:
        """Make the variables of the optimizer, once."""
        made = getattr(self, "_built", False)
        super().build(variables)
        if not made:
            self._sizes = [
                self.add_variable_from_reference(
                    variable, "size", shape=(), initial_value=tf.cast(size, variable.dtype)
                )
                for variable, size in zip(variables, step_sizes(variables), strict=True)
            ]

    def update_step(self, gradient: Any, variable: tf.Variable) -> None:
        """One step of Adam, and back by what it was too long."""
        before = tf.identity(variable)
        super().update_step(gradient, variable)
        size = self._sizes[self._index_dict[self._var_key(variable)]]
        variable.assign(before + size * (variable - before))
