"""Activations: quantizers become `QActivation`, rectifiers stay, everything curved is refused."""

from __future__ import annotations

from typing import Any

from qkeras import QActivation
from qkeras.quantizers import BaseQuantizer
from tensorflow import keras

from hls_projects.lowering.plain_model import PlainModel
from hls_projects.lowering.registry import Tensors, rule
from models.quantization.quantizer_types import NoFixedTypeError, activation_type

CURVED = ("softmax", "sigmoid")
"""Output activations that do not change which logit is the largest, or where the threshold of one lies."""


@rule(QActivation)
def quantizer(layer: QActivation, inputs: Tensors, plain: PlainModel) -> Tensors:
    """`QActivation`: the same with a canonical quantizer."""
    return [apply(layer.quantizer, inputs[0], plain)]


@rule(keras.layers.Activation)
def activation(layer: keras.layers.Activation, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Keras `Activation` of `linear` or `relu`."""
    return [apply(layer.activation, inputs[0], plain)]


@rule(keras.layers.ReLU)
def relu(layer: keras.layers.ReLU, inputs: Tensors, plain: PlainModel) -> Tensors:
    """`ReLU` without a slope, threshold or largest value."""
    if layer.max_value is not None or float(layer.negative_slope) != 0.0 or float(layer.threshold) != 0.0:
        raise plain.refuse("a ReLU with max_value, negative_slope or threshold", remedy="use quantized_relu")
    return [_relu(inputs[0], plain)]


@rule(keras.layers.Softmax)
def softmax(layer: keras.layers.Softmax, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Left out where logits are wanted; no fixed-point form computes the same numbers."""
    axes = list(layer.axis) if isinstance(layer.axis, list | tuple) else [layer.axis]
    if axes not in ([-1], [len(inputs[0].shape) - 1]):
        raise plain.refuse(
            f"a softmax along {'axes' if axes[1:] else 'axis'} {', '.join(map(str, axes))}", remedy=_leave_out(plain)
        )
    return [apply(keras.activations.softmax, inputs[0], plain)]


def apply(function: Any, x: Any, plain: PlainModel, *, suffix: str = "") -> Any:
    """Apply a layer's activation: nothing, a rectifier or a quantizer.

    Args:
        function: what QKeras and Keras keep in `layer.activation`: None, a Keras function or a QKeras quantizer.
        x: the tensor.
        plain: the plain model so far.
        suffix: for the name of the layer that is added.
    """
    if function is None or function is keras.activations.linear:
        return x
    if function is keras.activations.relu:
        return _relu(x, plain, suffix=suffix)
    if isinstance(function, BaseQuantizer):
        try:
            return plain.quantize(x, activation_type(function), suffix=suffix)
        except NoFixedTypeError as error:
            raise plain.refuse(str(error), error.remedy) from None
    name = getattr(function, "__name__", str(function))
    if name not in CURVED:
        raise plain.refuse(f"the activation {name} has no exact fixed-point form")
    reason = f"the activation {name} has no exact fixed-point form"
    if not plain.at_end:
        raise plain.refuse(f"{reason}, and other layers read its result", remedy=_leave_out(plain, suffix))
    if not plain.logits:
        remedy = "`lower --logits` leaves out a softmax or sigmoid at the end"
        raise plain.refuse(reason, remedy=remedy)
    plain.left_out = name
    return x


def _leave_out(plain: PlainModel, suffix: str = "") -> str:
    """How the user makes the model that ends before an activation, which is a layer or, with a suffix, part of one."""
    layer = f"model.get_layer({plain.lowered!r})"
    change = f"{layer}.activation = keras.activations.linear" if suffix else f"keras.Model(model.input, {layer}.input)"
    return f"save a model that ends on the logits: {change}"


def _relu(x: Any, plain: PlainModel, *, suffix: str = "") -> Any:
    return plain.keep(keras.layers.ReLU(name=plain.name(suffix)), x)
