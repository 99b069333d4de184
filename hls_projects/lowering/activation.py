"""Activations: quantizers become `QActivation`, rectifiers stay, everything curved is refused."""

from __future__ import annotations

from typing import Any

from qkeras import QActivation
from qkeras.quantizers import BaseQuantizer
from tensorflow import keras

from hls_projects.lowering.builder import Builder
from hls_projects.lowering.registry import Tensors, rule
from models.quantizer_types import NoFixedTypeError, activation_type

CURVED = ("softmax", "sigmoid")
"""Output activations that do not change which logit is the largest, or where the threshold of one lies."""


@rule(QActivation)
def quantizer(layer: QActivation, inputs: Tensors, build: Builder) -> Tensors:
    """`QActivation`: the same with a canonical quantizer."""
    return [apply(layer.quantizer, inputs[0], build)]


@rule(keras.layers.Activation)
def activation(layer: keras.layers.Activation, inputs: Tensors, build: Builder) -> Tensors:
    """Keras `Activation` of `linear` or `relu`."""
    return [apply(layer.activation, inputs[0], build)]


@rule(keras.layers.ReLU)
def relu(layer: keras.layers.ReLU, inputs: Tensors, build: Builder) -> Tensors:
    """`ReLU` without a slope, threshold or largest value."""
    if layer.max_value is not None or float(layer.negative_slope) != 0.0 or float(layer.threshold) != 0.0:
        raise build.refuse("a ReLU with max_value, negative_slope or threshold", remedy="use quantized_relu")
    return [_relu(inputs[0], build)]


@rule(keras.layers.Softmax)
def softmax(layer: keras.layers.Softmax, inputs: Tensors, build: Builder) -> Tensors:
    """Left out where logits are wanted; no fixed-point form computes the same numbers."""
    return [apply(keras.activations.softmax, inputs[0], build)]


def apply(function: Any, x: Any, build: Builder, *, suffix: str = "") -> Any:
    """Apply a layer's activation: nothing, a rectifier or a quantizer.

    Args:
        function: what QKeras and Keras keep in `layer.activation`: None, a Keras function or a QKeras quantizer.
        x: the tensor.
        build: the builder.
        suffix: for the name of the layer that is added.
    """
    if function is None or function is keras.activations.linear:
        return x
    if function is keras.activations.relu:
        return _relu(x, build, suffix=suffix)
    if isinstance(function, BaseQuantizer):
        try:
            return build.quantize(x, activation_type(function), suffix=suffix)
        except NoFixedTypeError as error:
            raise build.refuse(str(error)) from None
    name = getattr(function, "__name__", str(function))
    if name not in CURVED:
        raise build.refuse(f"the activation {name} has no exact fixed-point form")
    if build.logits:
        build.left_out[id(x)] = name
        return x
    raise build.refuse(
        f"the activation {name} has no exact fixed-point form",
        remedy="`lower --logits` leaves out a softmax or sigmoid at the end",
    )


def _relu(x: Any, build: Builder, *, suffix: str = "") -> Any:
    return build.keep(keras.layers.ReLU(name=build.name(suffix)), x)
