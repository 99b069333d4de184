"""A Keras model as the list of its layer calls, in an order in which every input is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import tensorflow as tf
from tensorflow import keras

from data_prep.errors import UnsupportedModelError


@dataclass(frozen=True)
class Call:
    """One layer applied to its inputs; a shared layer has several calls.

    Attributes:
        layer: the layer.
        inputs: keys of the input tensors.
        outputs: keys of the output tensors.
    """

    layer: keras.layers.Layer
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def calls(model: keras.Model) -> Iterator[Call]:
    """Every call of a functional or sequential model, inputs before users.

    Raises:
        UnsupportedModelError: for a subclassed model, whose calls Keras does not record, or one without input shape.
    """
    if not hasattr(model, "_nodes_by_depth"):
        raise UnsupportedModelError(
            f"the model '{model.name}' is not a functional or built sequential model", remedy="give its input shape"
        )
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            inputs = () if node.is_input else tuple(id(tensor) for tensor in node.keras_inputs)
            yield Call(node.layer, inputs, tuple(id(tensor) for tensor in tf.nest.flatten(node.outputs)))


def input_keys(model: keras.Model) -> tuple[int, ...]:
    """The keys of the model's inputs, in their order."""
    return tuple(id(tensor) for tensor in model.inputs)


def output_keys(model: keras.Model) -> tuple[int, ...]:
    """The keys of the model's outputs, in their order; those of a dictionary by its sorted keys."""
    return tuple(id(tensor) for tensor in model.outputs)
