"""Small QKeras models, each made of constructs that reach hardware only after lowering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qkeras import (
    QActivation,
    QAveragePooling2D,
    QConv2D,
    QConv2DBatchnorm,
    QDense,
    QDepthwiseConv2D,
    QSeparableConv2D,
    binary,
    quantized_bits,
    quantized_po2,
    quantized_relu,
    ternary,
)
from tensorflow import keras

from models.layers.transposed import QuantizedConv2DTranspose

KL = keras.layers
Model = keras.Model


def q(bits: int, integer: int = 0, **options: Any) -> Any:
    """A weight quantizer as hardware wants it."""
    return quantized_bits(bits, integer, **({"alpha": 1} | options))


def separable() -> Model:
    """A tagger with separable convolutions, pooling and dense layers."""
    x = image = keras.Input((8, 8, 1), name="image")
    x = QActivation(quantized_relu(8, 0), name="pixels")(x)
    x = QSeparableConv2D(
        4, 3, padding="same", depthwise_quantizer=q(5), pointwise_quantizer=q(5), bias_quantizer=q(6), name="sep.1"
    )(x)
    x = QActivation(quantized_relu(5, 1), name="act/1")(x)
    x = KL.MaxPooling2D(2)(x)
    x = QSeparableConv2D(
        4,
        3,
        activation=quantized_relu(5, 2),
        depthwise_quantizer=q(5),
        pointwise_quantizer=q(5),
        bias_quantizer=q(6, 1),
        name="sep-2",
    )(x)
    x = KL.Dropout(0.2)(KL.Flatten()(x))
    return keras.Model(image, QDense(5, kernel_quantizer=q(6), bias_quantizer=q(6), name="2nd")(x))


def convolutions() -> Model:
    """Strides, dilation, groups, a depth multiplier, folded batch normalisation, all kinds of weight quantizers."""
    x = image = keras.Input((7, 7, 2), name="input")
    x = QActivation(q(6, 1, symmetric=1), name="pixels")(x)
    x = QDepthwiseConv2D(3, depth_multiplier=2, padding="same", depthwise_quantizer=q(4), bias_quantizer=q(5))(x)
    x = QActivation(q(6, 1, keep_negative=False))(x)
    x = QConv2D(4, 3, strides=2, padding="same", kernel_quantizer=ternary(alpha=1), bias_quantizer=q(4, 1))(x)
    x = QActivation(quantized_relu(4, 2))(x)
    x = QConv2D(4, 2, dilation_rate=2, kernel_quantizer=quantized_po2(4), use_bias=False, activation="relu")(x)
    x = QActivation(q(6, 3))(x)
    x = QConv2D(4, 1, groups=2, kernel_quantizer=binary(alpha=1), bias_quantizer=q(4))(x)
    x = QActivation(quantized_relu(4, 3))(x)
    x = QConv2DBatchnorm(3, 2, kernel_quantizer=q(5, 1), bias_quantizer=q(6, 2), folding_mode="ema_stats_folding")(x)
    x = QActivation(q(5, 2))(x)
    kernel = quantized_bits(4, 0, 1, alpha="auto_po2")
    return keras.Model(image, QDense(3, kernel_quantizer=kernel, bias_quantizer=q(6, 1))(KL.Flatten()(x)))


def encoder_decoder() -> Model:
    """Pooling down, upsampling up, skip connections, a shared layer, a nested model, padding, an image output."""
    x = image = keras.Input((4, 4, 1), name="image")
    x = pixels = QActivation(quantized_relu(6, 0))(x)
    shared = QConv2D(3, 3, padding="same", kernel_quantizer=q(4), bias_quantizer=q(4), name="shared")
    x = first = QActivation(quantized_relu(5, 1))(shared(x))
    x = KL.AveragePooling2D(2)(x)
    x = QActivation(quantized_relu(5, 1))(x)
    down = keras.Input((2, 2, 3))
    inner = QConv2D(3, 3, padding="same", kernel_quantizer=q(4), use_bias=False)(down)
    x = keras.Model(down, QActivation(q(6, 2))(inner), name="bottom")(x)
    x = KL.UpSampling2D(2)(x)
    x = KL.Concatenate()([x, first, shared(pixels)])
    x = QActivation(quantized_relu(5, 2))(x)
    x = KL.ZeroPadding2D(((1, 0), (0, 1)))(x)
    x = QConv2D(3, 2, kernel_quantizer=q(4), bias_quantizer=q(5))(x)
    x = QActivation(q(6, 2))(KL.Add()([x, first, first]))
    return keras.Model(image, QConv2D(2, 1, kernel_quantizer=q(4), bias_quantizer=q(4), name="mask")(x))


def two_inputs_two_outputs() -> Model:
    """An image and a vector in, logits and a regression out."""
    image, jet = keras.Input((4, 4, 1), name="image"), keras.Input((3,), name="jet")
    x = QActivation(quantized_relu(6, 0))(image)
    x = QConv2D(4, 3, padding="same", kernel_quantizer=q(4), bias_quantizer=q(4))(x)
    x = QAveragePooling2D(2, average_quantizer=q(4, 0), activation=q(6, 1))(x)
    x = KL.GlobalAveragePooling2D()(x)
    y = QActivation(q(7, 2))(jet)
    x = KL.Concatenate()([x, y])
    x = QDense(6, kernel_quantizer=q(5), bias_quantizer=q(5), activation=quantized_relu(6, 2))(x)
    logits = QDense(3, kernel_quantizer=q(5), bias_quantizer=q(5), name="logits")(x)
    mass = QDense(1, kernel_quantizer=q(5), bias_quantizer=q(5), name="mass")(x)
    return keras.Model([image, jet], [logits, mass])


def transposed_unet() -> Model:
    """A U-Net whose way up is transposed convolutions of several kernels, strides and paddings; two image outputs."""
    x = image = keras.Input((4, 6, 2), name="image")
    x = pixels = QActivation(quantized_relu(6, 2), name="pixels")(x)
    x = skip = QConv2D(
        3, 3, padding="same", kernel_quantizer=q(4), bias_quantizer=q(4), activation=quantized_relu(4, 2)
    )(x)
    x = KL.MaxPooling2D(2)(x)
    x = QDepthwiseConv2D(3, padding="same", depthwise_quantizer=q(4), bias_quantizer=q(4))(x)
    x = QActivation(quantized_relu(4, 2))(x)
    x = QuantizedConv2DTranspose(
        3, 3, strides=2, padding="same", kernel_quantizer=q(4), bias_quantizer=q(4), name="up"
    )(x)
    x = QActivation(quantized_relu(5, 3))(x)
    x = KL.Concatenate()([x, skip])
    mask = QConv2D(2, 1, kernel_quantizer=q(4), bias_quantizer=q(4), name="mask")(x)
    x = KL.AveragePooling2D((4, 2))(pixels)
    x = QuantizedConv2DTranspose(2, (2, 3), strides=(4, 2), padding="valid", kernel_quantizer=q(4), use_bias=False)(x)
    x = QActivation(q(6, 2))(x)
    x = QuantizedConv2DTranspose(1, 2, strides=(1, 3), padding="same", kernel_quantizer=q(3), bias_quantizer=q(4))(x)
    return keras.Model(image, [mask, x])


ZOO: dict[str, Callable[[], Model]] = {
    "separable": separable,
    "convolutions": convolutions,
    "encoder_decoder": encoder_decoder,
    "two_inputs_two_outputs": two_inputs_two_outputs,
    "transposed_unet": transposed_unet,
}


@pytest.fixture(scope="session")
def make() -> Callable[[str], Model]:
    """A model of the zoo by name, with random weights that also lie beyond the quantizers' ranges."""

    def build(name: str) -> Model:
        keras.backend.clear_session()
        return randomise(ZOO[name]())

    return build


def randomise(model: Model, seed: int = 5) -> Model:
    """Random weights, positive where they are variances."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        values = rng.normal(0.0, 0.7, variable.shape)
        name = variable.name
        if "iteration" in name:
            continue
        variable.assign(np.abs(values) + 0.2 if "variance" in name or "gamma" in name else values)
    return model


@pytest.fixture(scope="session")
def randomised() -> Callable[[Model], Model]:
    """Give a model random weights."""
    return randomise


@pytest.fixture(params=list(ZOO))
def zoo_name(request: pytest.FixtureRequest) -> str:
    """Each model of the zoo."""
    return str(request.param)
