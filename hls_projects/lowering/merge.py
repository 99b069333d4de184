"""Layers with several inputs; hls4ml takes two at a time."""

from __future__ import annotations

from typing import Any

from tensorflow import keras

from hls_projects.lowering.plain_model import PlainModel
from hls_projects.lowering.registry import Tensors, rule

KL = keras.layers


@rule(KL.Add)
def add(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A sum, as a chain of sums of two."""
    shapes = {tuple(x.shape[1:]) for x in inputs}
    if len(shapes) != 1:
        raise plain.refuse(f"a sum that broadcasts {sorted(shapes)}")
    total = inputs[0]
    for x in inputs[1:]:
        total = plain.keep(KL.Add(name=plain.name()), [total, x])
    return [total]


@rule(KL.Concatenate)
def concatenate(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A concatenation along the channels, as a chain of concatenations of two."""
    rank = len(inputs[0].shape)
    if layer.axis not in (-1, rank - 1):
        raise plain.refuse(f"concatenation along axis {layer.axis}", remedy="concatenate along the channels")
    joined = inputs[0]
    for x in inputs[1:]:
        joined = plain.keep(KL.Concatenate(axis=-1, name=plain.name()), [joined, x])
    return [joined]
