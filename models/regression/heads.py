"""The networks of a regression: those that tag, with one number a target instead of the logits, or beside them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import qkeras
from tensorflow import keras

from data_prep.errors import ConfigurationError
from models.architectures import registry
from models.architectures.architecture import NetworkDefinition
from models.quantization import quantizers
from models.quantization.number_settings import QuantizerSettings
from models.regression.settings import RegressionSettings, TargetSettings
from models.settings import ModelSettings

KL = keras.layers


def networks(settings: ModelSettings) -> tuple[NetworkDefinition, ...]:
    """The networks of the architecture with the heads of the regression instead of, or beside, the logits."""
    return tuple(replace(network, builder=_with_heads(network)) for network in registry.networks(settings))


def _with_heads(network: NetworkDefinition) -> Callable[[ModelSettings, tuple[int, int, int], int], keras.Model]:
    def build(settings: ModelSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
        wanted = settings.regression
        if wanted is None:
            raise ValueError("these settings are not those of a regression")
        model = network.builder(settings, shape, classes)
        image = model.get_layer("input_quantizer").output if network.quantized else model.input
        heads = _heads(wanted, settings, model.get_layer("logits").input, image, network.quantized)
        outputs = [model.output, heads] if wanted.beside_tagger else heads
        return keras.Model(model.input, outputs, name=model.name)

    return build


def _heads(wanted: RegressionSettings, settings: ModelSettings, features: Any, image: Any, quantized: bool) -> Any:
    """One number a target, at least 0; in a quantized network each of its own width."""
    columns = []
    for target in wanted.targets:
        if quantized:
            x = qkeras.QDense(
                1,
                kernel_quantizer=quantizers.weights(settings.output.weights, "output.weights", 1),
                bias_quantizer=quantizers.signed(settings.output.bias),
                name=target.name,
            )(features)
        else:
            x = KL.Dense(1, name=target.name)(features)
        if target.residual:
            x = KL.Add(name=f"{target.name}_sum")([x, _pixel_sum(target, image, quantized)])
        if quantized:
            columns.append(qkeras.QActivation(str(quantizers.unsigned(target.output)), name=f"{target.name}_output")(x))
        else:
            columns.append(KL.ReLU(name=f"{target.name}_output")(x))
    if len(columns) == 1:
        return columns[0]
    return KL.Concatenate(name="_".join(target.name for target in wanted.targets))(columns)


def _pixel_sum(target: TargetSettings, image: Any, quantized: bool) -> Any:
    """The sum of the pixels in units of the target, [jets, 1]: along the rows, then of the rows; nothing is learned.

    Raises:
        ConfigurationError: more than one channel.
    """
    rows, columns, channels = image.shape[1:]
    if channels != 1:
        reason = f"'residual' of {target.name!r} adds the pixels of one channel, the images have {channels}"
        raise ConfigurationError(reason, remedy="leave it out of model.yaml, or make images of pT alone")
    along = _fixed((1, columns), 1.0, f"{target.name}_rows", quantized)(image)
    total = _fixed((rows, 1), 1 / target.unit, f"{target.name}_pixels", quantized)(along)
    return KL.Flatten(name=f"{target.name}_pixel_sum")(total)


def _fixed(kernel: tuple[int, int], weight: float, name: str, quantized: bool) -> keras.layers.Layer:
    """A convolution over the whole of its input with one weight, a power of two up to 1, that is not trained."""
    common = {"kernel_initializer": keras.initializers.Constant(weight), "use_bias": False, "trainable": False}
    if not quantized:
        return KL.Conv2D(1, kernel, name=name, **common)
    bits = 2 - int(math.log2(weight))
    width = QuantizerSettings(bits=bits, integer=1)
    return qkeras.QConv2D(1, kernel, kernel_quantizer=quantizers.signed(width), name=name, **common)
