"""Layer arithmetic: published numbers, and Keras as the oracle for random hyperparameters."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow import keras

from models.cost import arithmetic
from models.cost.arithmetic import Widths

layers = keras.layers


def test_doctests() -> None:
    result = doctest.testmod(arithmetic)
    assert result.attempted > 7
    assert result.failed == 0


def test_published_shapes() -> None:
    """Dumoulin and Visin, figures 2.1 and 4.1: 4x4 under a 3x3 filter is 2x2, and the transpose leads back."""
    assert arithmetic.convolution((4, 4, 1), 1, 3).output_shape == (2, 2, 1)
    assert arithmetic.transposed_convolution((2, 2, 1), 1, 3).output_shape == (4, 4, 1)


def test_published_multiplications() -> None:
    """15x15x3 under ten 3x3 filters: 45,630 multiplications, separable 9,633."""
    assert arithmetic.convolution((15, 15, 3), 10, 3).multiplications == 45_630
    assert arithmetic.separable((15, 15, 3), 10, 3).multiplications == 9_633


def test_mobilenet_ratio() -> None:
    """Howard et al., section 3.1: a separable convolution costs 1/N + 1/D_K^2 of the full one."""
    full = arithmetic.convolution((14, 14, 512), 512, 3, padding="same")
    separable = arithmetic.separable((14, 14, 512), 512, 3, padding="same")
    assert full.multiplications == 3 * 3 * 512 * 512 * 14 * 14
    assert separable.multiplications / full.multiplications == pytest.approx(1 / 512 + 1 / 9)


def test_bit_operations_by_hand() -> None:
    """UNIQ: n k^2 (b_a b_w + b_a + b_w + log2 n k^2) an output; 4 terms of 4 x 3 bits are 4 (12 + 7 + 2) = 84."""
    cost = arithmetic.dense(4, 2, widths=Widths(activation=4, weight=3))
    assert cost.bit_operations == 2 * 84


def test_same_padding_products_by_hand() -> None:
    """3x3 on 4x4: per axis 2 + 3 + 3 + 2 = 10 taps inside, 12 with the zeros."""
    cost = arithmetic.convolution((4, 4, 1), 1, 3, padding="same")
    assert (cost.multiplications, cost.multiplications_inside) == (144, 100)


@pytest.mark.parametrize(
    "call",
    [
        lambda: arithmetic.convolution((2, 2, 1), 1, 3),
        lambda: arithmetic.convolution((4, 4, 3), 4, 3, groups=2),
        lambda: arithmetic.convolution((4, 4, 1), 1, 3, stride=0),
        lambda: arithmetic.convolution((4, 4, 1), 1, 3, padding=-1),
        lambda: arithmetic.transposed_convolution((1, 1, 1), 1, 2, padding=1),
    ],
)
def test_impossible_hyperparameters(call: object) -> None:
    with pytest.raises(ValueError, match="."):
        call()  # type: ignore[operator]


geometry = st.fixed_dictionaries(
    {
        "rows": st.integers(1, 12),
        "columns": st.integers(1, 12),
        "channels": st.integers(1, 3),
        "filters": st.integers(1, 3),
        "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "stride": st.integers(1, 3),
        "dilation": st.integers(1, 3),
        "padding": st.sampled_from(["valid", "same", 1, 2]),
        "bias": st.booleans(),
    }
).filter(lambda g: g["stride"] == 1 or g["dilation"] == 1)  # Keras cannot have both


def _fits(g: dict[str, object]) -> bool:
    padding = 0 if g["padding"] in ("valid", "same") else g["padding"]
    return g["padding"] == "same" or all(
        size + 2 * padding >= g["dilation"] * (kernel - 1) + 1
        for size, kernel in zip((g["rows"], g["columns"]), g["kernel"], strict=True)
    )


def _run_on_ones(layer: keras.layers.Layer, g: dict[str, object]) -> np.ndarray:
    """The layer with all weights 1 and no bias on an image of ones: its outputs add up to its products."""
    pixels = np.ones((1, g["rows"], g["columns"], g["channels"]), np.float32)
    if isinstance(g["padding"], int):
        pixels = np.pad(pixels, [(0, 0), (g["padding"],) * 2, (g["padding"],) * 2, (0, 0)])
    layer.build(pixels.shape)
    layer.set_weights([np.full(w.shape, 0.0 if w.ndim == 1 else 1.0, np.float32) for w in layer.get_weights()])
    return layer(pixels).numpy()


def _keras_arguments(g: dict[str, object]) -> dict[str, object]:
    padding = g["padding"] if isinstance(g["padding"], str) else "valid"
    return {"strides": g["stride"], "padding": padding, "dilation_rate": g["dilation"], "use_bias": g["bias"]}


def _arguments(g: dict[str, object]) -> dict[str, object]:
    return {name: g[name] for name in ("stride", "padding", "dilation", "bias")}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(geometry.filter(_fits))
def test_convolution_as_keras(g: dict[str, object]) -> None:
    layer = layers.Conv2D(g["filters"], g["kernel"], **_keras_arguments(g))
    outputs = _run_on_ones(layer, g)
    cost = arithmetic.convolution((g["rows"], g["columns"], g["channels"]), g["filters"], g["kernel"], **_arguments(g))
    assert cost.output_shape == outputs.shape[1:]
    assert cost.parameters == layer.count_params()
    assert cost.multiplications_inside == outputs.sum()
    assert cost.multiplications == outputs.size * np.prod(g["kernel"]) * g["channels"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(geometry.filter(_fits), st.integers(1, 2))
def test_depthwise_as_keras(g: dict[str, object], multiplier: int) -> None:
    layer = layers.DepthwiseConv2D(g["kernel"], depth_multiplier=multiplier, **_keras_arguments(g))
    outputs = _run_on_ones(layer, g)
    shape = (g["rows"], g["columns"], g["channels"])
    cost = arithmetic.depthwise(shape, g["kernel"], depth_multiplier=multiplier, **_arguments(g))
    assert cost.output_shape == outputs.shape[1:]
    assert cost.parameters == layer.count_params()
    assert cost.multiplications_inside == outputs.sum()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(geometry.filter(_fits))
def test_separable_as_keras(g: dict[str, object]) -> None:
    layer = layers.SeparableConv2D(g["filters"], g["kernel"], **_keras_arguments(g))
    outputs = _run_on_ones(layer, g)
    shape = (g["rows"], g["columns"], g["channels"])
    cost = arithmetic.separable(shape, g["filters"], g["kernel"], **_arguments(g))
    assert cost.output_shape == outputs.shape[1:]
    assert cost.parameters == layer.count_params()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(geometry.filter(lambda g: isinstance(g["padding"], str) and g["dilation"] == 1))
def test_transposed_convolution_as_keras(g: dict[str, object]) -> None:
    layer = layers.Conv2DTranspose(g["filters"], g["kernel"], **_keras_arguments(g))
    outputs = _run_on_ones(layer, g)
    shape = (g["rows"], g["columns"], g["channels"])
    cost = arithmetic.transposed_convolution(shape, g["filters"], g["kernel"], **_arguments(g))
    assert cost.output_shape == outputs.shape[1:]
    assert cost.parameters == layer.count_params()
    assert cost.multiplications_inside == outputs.sum()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(geometry.filter(_fits))
def test_transposed_convolution_is_the_adjoint(g: dict[str, object]) -> None:
    """Where the strides leave no rest, the transpose leads back to the input's shape with the same products."""
    forward = arithmetic.convolution((g["rows"], g["columns"], 1), 1, g["kernel"], **_arguments(g))
    back = arithmetic.transposed_convolution(forward.output_shape, 1, g["kernel"], **_arguments(g))
    if back.output_shape == (g["rows"], g["columns"], 1):
        assert back.multiplications == forward.multiplications
        assert back.multiplications_inside == forward.multiplications_inside
    else:
        assert g["stride"] > 1


@settings(max_examples=30, deadline=None, derandomize=True)
@given(geometry.filter(lambda g: g["dilation"] == 1 and isinstance(g["padding"], str) and _fits(g)))
def test_pooling_and_upsampling_as_keras(g: dict[str, object]) -> None:
    shape = (g["rows"], g["columns"], g["channels"])
    pixels = np.ones((1, *shape), np.float32)
    pooled = layers.MaxPooling2D(g["kernel"], strides=g["stride"], padding=g["padding"])(pixels)
    assert (
        arithmetic.pooling(shape, g["kernel"], stride=g["stride"], padding=g["padding"]).output_shape
        == pooled.shape[1:]
    )
    enlarged = layers.UpSampling2D(g["kernel"])(pixels)
    assert arithmetic.upsampling(shape, g["kernel"]).output_shape == enlarged.shape[1:]
