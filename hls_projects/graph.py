"""A Keras model as the list of its layer calls, in an order in which every input is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
            inputs = () if node.is_input else tuple(id(tensor) for tensor in _flat(node.keras_inputs))
            yield Call(node.layer, inputs, tuple(id(tensor) for tensor in _flat(node.outputs)))


def input_keys(model: keras.Model) -> tuple[int, ...]:
    """The keys of the model's inputs, in their order."""
    return tuple(id(tensor) for tensor in model.inputs)


def output_keys(model: keras.Model) -> tuple[int, ...]:
    """The keys of the model's outputs, in their order."""
    return tuple(id(tensor) for tensor in model.outputs)


def _flat(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]
