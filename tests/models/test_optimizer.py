"""Steps that go with the size of the weights."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from models.optimizer import RelativeAdam, step_sizes


def test_the_first_step_of_adam_is_the_learning_rate_and_smaller_for_small_weights() -> None:
    """Kingma and Ba (arXiv:1412.6980), section 2.1: a step is about the learning rate at most, and the first one is."""
    small, large, bias = (
        tf.Variable(value, dtype=tf.float64) for value in ([[0.02, -0.02]], [[0.3, -0.4]], [0.0, 0.0])
    )
    variables = [small, large, bias]
    sizes = step_sizes(variables)
    np.testing.assert_allclose(sizes, [0.2, 1.0, 1.0], rtol=1e-12)
    before = [variable.numpy() for variable in variables]
    optimizer = RelativeAdam(0.001)
    gradients = [
        tf.constant([[5.0, -0.1]], tf.float64),
        tf.constant([[1.0, 2.0]], tf.float64),
        tf.constant([-3.0, 1.0], tf.float64),
    ]
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    for start, variable, gradient, size in zip(before, variables, gradients, sizes, strict=True):
        expected = start - 0.001 * size * np.sign(gradient.numpy())
        np.testing.assert_allclose(variable.numpy(), expected, atol=1e-8)  # Adam's epsilon of 1e-7 beside the gradient


def test_weights_that_are_all_zero_can_still_be_moved() -> None:
    assert step_sizes([tf.Variable([[0.0, 0.0]])]) == [1.0]
