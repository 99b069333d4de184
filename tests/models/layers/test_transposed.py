"""The transposed convolution: its definition pixel by pixel, its gradient, and its way through a model file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from qkeras import QActivation, quantized_bits, quantized_relu
from tensorflow import keras

from models.files.load import load_model, save_model
from models.layers.transposed import QuantizedConv2DTranspose
from models.quantization.exact import exact_inference


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("kernel", "strides"), [((3, 3), (2, 2)), ((2, 2), (2, 2)), ((1, 2), (3, 1)), ((5, 4), (2, 3))]
)
def test_every_pixel_adds_a_window(padding: str, kernel: tuple[int, int], strides: tuple[int, int]) -> None:
    """Written out as sums; `same` cuts the overhang, the smaller half of it first (as TensorFlow pads)."""
    layer = QuantizedConv2DTranspose(
        2,
        kernel,
        strides=strides,
        padding=padding,
        kernel_quantizer=quantized_bits(5, 1, alpha=1),
        bias_quantizer=quantized_bits(4, 1, alpha=1),
        bias_initializer="normal",
    )
    rng = np.random.default_rng(3)
    image = rng.integers(-8, 8, (2, 3, 4, 3)).astype(np.float32)
    outputs = layer(image).numpy()
    weights = np.clip(np.round(layer.get_weights()[0] * 8), -16, 15) / 8
    bias = np.clip(np.round(layer.get_weights()[1] * 4), -8, 7) / 4
    (high, wide), (step_down, step) = kernel, strides
    full = np.zeros((2, 2 * step_down + max(high, step_down), 3 * step + max(wide, step), 2))
    for row in range(3):
        for column in range(4):
            window = np.einsum("bc,hwfc->bhwf", image[:, row, column], weights)
            full[:, row * step_down : row * step_down + high, column * step : column * step + wide] += window
    if padding == "same":
        top, left = max(high - step_down, 0) // 2, max(wide - step, 0) // 2
        full = full[:, top : top + 3 * step_down, left : left + 4 * step]
    np.testing.assert_array_equal(outputs, full + bias)


def test_it_trains() -> None:
    layer = QuantizedConv2DTranspose(1, 2, strides=2, kernel_quantizer=quantized_bits(6, 0, alpha=1))
    image = tf.ones((1, 2, 2, 1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(image))
    np.testing.assert_array_equal(tape.gradient(loss, layer.kernel), np.full((2, 2, 1, 1), 4))


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_it_comes_back_from_a_file(tmp_path: Path, suffix: str) -> None:
    layer = QuantizedConv2DTranspose(
        2, 3, strides=2, padding="same", kernel_quantizer=quantized_bits(4, 0, alpha=1), name="up"
    )
    model = keras.Sequential([keras.Input((3, 3, 2)), QActivation(quantized_relu(4, 1)), layer])
    path = tmp_path / f"model.{suffix}"
    if suffix == "h5":
        save_model(model, path)
    else:
        model.save(path)
    image = np.random.default_rng(1).random((5, 3, 3, 2)).astype(np.float32)
    expected = exact_inference(model)(image).numpy()
    np.testing.assert_array_equal(exact_inference(load_model(path))(image), expected)


def test_what_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="dilation"):
        QuantizedConv2DTranspose(1, 3, dilation_rate=2)
