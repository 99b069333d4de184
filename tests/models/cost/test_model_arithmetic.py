"""The arithmetic of whole models, against numbers by hand and Keras' own count."""

from __future__ import annotations

import numpy as np
import pytest
import qkeras
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from models.architectures.registry import networks
from models.cost import model_arithmetic
from models.cost.arithmetic import Widths
from models.settings import ModelSettings

layers = keras.layers
bits = qkeras.quantized_bits


def test_published_layer_in_a_model() -> None:
    """A 15x15x3 image under ten 3x3 filters: 45,630 against 9,633 multiplications."""
    full = keras.Sequential([layers.Conv2D(10, 3, input_shape=(15, 15, 3))])
    separable = keras.Sequential([layers.SeparableConv2D(10, 3, input_shape=(15, 15, 3))])
    assert model_arithmetic.count(full).total.multiplications == 45_630
    assert model_arithmetic.count(separable).total.multiplications == 9_633


def test_parameters_and_shapes_as_keras(model_settings: ModelSettings) -> None:
    for network in networks(model_settings):
        model = network.build(model_settings, (8, 8, 1), 3)
        arithmetic = model_arithmetic.count(model)
        assert arithmetic.total.parameters == model.count_params()
        assert arithmetic.layers[-1].cost.output_shape == (1, 1, 3)
        assert [layer.name for layer in arithmetic.layers] == [layer.name for layer in model.layers]


def test_widths_follow_the_quantizers() -> None:
    """8-bit pixels, 5-bit weights, 9 products: 8 + 5 + 4 = 17 bits; after the rectifier its 4 bits."""
    pixels = keras.Input((4, 4, 1))
    x = qkeras.QActivation("quantized_relu(8,0)", name="input")(pixels)
    x = qkeras.QDepthwiseConv2D(3, depthwise_quantizer=bits(5, 0, alpha=1), name="depthwise")(x)
    x = qkeras.QConv2D(2, 1, kernel_quantizer=bits(6, 0, alpha=1), name="pointwise")(x)
    x = qkeras.QActivation("quantized_relu(4,1)", name="relu")(x)
    x = layers.MaxPooling2D(2, name="pooling")(x)
    x = layers.Flatten(name="flatten")(x)
    x = qkeras.QDense(3, kernel_quantizer=bits(7, 0, alpha=1), name="dense")(x)
    arithmetic = {layer.name: layer for layer in model_arithmetic.count(keras.Model(pixels, x)).layers}
    assert arithmetic["depthwise"].widths == Widths(8, 5)
    assert arithmetic["pointwise"].widths == Widths(17, 6)
    assert arithmetic["relu"].widths.activation == 17 + 6  # one product, no further bits
    assert arithmetic["dense"].widths == Widths(4, 7)
    assert arithmetic["dense"].cost.bit_operations == 3 * 2 * (4 * 7 + 4 + 7 + 1)


def test_shared_layer_computes_twice_and_counts_once() -> None:
    left, right = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    shared = layers.Conv2D(1, 3, use_bias=False)
    arithmetic = model_arithmetic.count(keras.Model([left, right], layers.Add()([shared(left), shared(right)])))
    assert arithmetic.total.multiplications == 2 * 36
    assert arithmetic.total.parameters == 9


def test_signed_digits_in_all_places() -> None:
    """About 7/32 = 8/32 - 1/32 and 1/2: three digits, at 16 pixels; a float layer has no number of them."""
    pixels = keras.Input((4, 4, 1))
    kernel = keras.initializers.Constant([[[[0.2234567, 0.5012345]]]])
    x = qkeras.QConv2D(2, 1, kernel_quantizer=bits(6, 0, alpha=1), kernel_initializer=kernel)(pixels)
    found = model_arithmetic.count(keras.Model(pixels, x)).as_json()["total"]
    assert (found["signed_digits"], found["unrolled_digits"]) == (3, 48)
    found = model_arithmetic.count(keras.Model(pixels, layers.Conv2D(2, 1)(x))).as_json()["total"]
    assert (found["signed_digits"], found["unrolled_digits"]) == (None, None)


def test_one_dimensional_layers_lie_along_the_columns() -> None:
    model = keras.Sequential([layers.Conv1D(4, 3, input_shape=(10, 2)), layers.SeparableConv1D(5, 3)])
    arithmetic = model_arithmetic.count(model)
    assert [layer.cost.multiplications for layer in arithmetic.layers if layer.cost.parameters] == [
        192,
        6 * 3 * 4 + 6 * 4 * 5,
    ]
    assert arithmetic.total.parameters == model.count_params()


def test_every_layer_with_a_rule_as_keras() -> None:
    pixels = keras.Input((8, 8, 2))
    x = layers.ZeroPadding2D(1)(pixels)
    x = layers.Conv2D(4, 3, strides=2, groups=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=1)(x)
    x = layers.Concatenate()([layers.Add()([x, y]), layers.AveragePooling2D(2, strides=1, padding="same")(x)])
    x = layers.UpSampling2D(2)(layers.MaxPooling2D(2)(x))
    x = layers.Conv2DTranspose(2, 2, strides=2)(x)
    x = layers.Dense(3)(layers.Dropout(0.1)(x))
    x = layers.GlobalAveragePooling2D()(layers.Cropping2D(1)(x))
    model = keras.Model(pixels, layers.Softmax()(layers.Reshape((3,))(x)))
    arithmetic = model_arithmetic.count(model)
    assert arithmetic.total.parameters == model.count_params()
    for layer in arithmetic.layers:
        assert np.prod(layer.cost.output_shape) == np.prod(model.get_layer(layer.name).output.shape[1:])


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layers.Lambda(lambda x: x, name="odd"), "'odd': the arithmetic of Lambda is not known"),
        (layers.UpSampling2D(2, interpolation="bilinear", name="odd"), "'odd': the arithmetic of bilinear upsampling"),
        (
            layers.Conv2DTranspose(1, 3, strides=2, output_padding=1, name="odd"),
            "'odd': the arithmetic of output_padding",
        ),
    ],
)
def test_unknown_arithmetic_is_named(layer: keras.layers.Layer, reason: str) -> None:
    pixels = keras.Input((4, 4, 1))
    with pytest.raises(UnsupportedModelError, match=reason):
        model_arithmetic.count(keras.Model(pixels, layer(pixels)))


def test_open_shape_is_named() -> None:
    pixels = keras.Input((None, None, 1), name="open")
    with pytest.raises(UnsupportedModelError, match="'open': the shape .* is not fixed"):
        model_arithmetic.count(keras.Model(pixels, layers.Conv2D(1, 3)(pixels)))
