"""Random small models with sparse kernels, filters without a weight and narrow types: what pruning leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import qkeras
from qkeras import QActivation, QConv2D, QDense, QDepthwiseConv2D, QSeparableConv2D, quantized_bits, quantized_relu
from tensorflow import keras

KL = keras.layers
SHARES = (0.2, 0.4, 0.6, 0.9)
"""Of the weights of a kernel that are not 0."""


def sparse_model(seed: int) -> keras.Model:
    """The model of a seed: the same layers, types and weights every time."""
    keras.backend.clear_session()
    rng = np.random.default_rng(seed)
    image = keras.Input((int(rng.integers(2, 6)), int(rng.integers(2, 6)), int(rng.integers(1, 4))), name="image")
    x = QActivation(_activation(rng))(image)
    for _ in range(rng.choice([1, 1, 2, 3])):
        before = x
        x = _convolution(rng)(x)
        if rng.random() < 0.85:
            x = QActivation(_activation(rng))(x)
        elif rng.random() < 0.5:
            x = KL.ReLU()(x)
        if before.shape[1:3] == x.shape[1:3] and rng.random() < 0.15:
            same = before.shape[3] == x.shape[3] and rng.random() < 0.5
            x = KL.Add()([x, before]) if same else KL.Concatenate()([x, before])
        if min(x.shape[1:3]) >= 2 and rng.random() < 0.3:
            x = (KL.MaxPooling2D if rng.random() < 0.6 else KL.AveragePooling2D)(2)(x)
            if rng.random() < 0.5:
                x = QActivation(_activation(rng))(x)
    if rng.random() < 0.6:
        x = QDense(int(rng.integers(1, 4)), kernel_quantizer=_weights(rng), **_bias(rng))(KL.Flatten()(x))
    if rng.random() < 0.5:
        x = QActivation(_activation(rng))(x)
    model = keras.Model(image, x)
    for layer in model.layers:
        _prune(layer, rng)
    return model


def _prune(layer: Any, rng: np.random.Generator) -> None:
    """Random weights, of which few are left; all on a coarse grid now and then, and filters without any."""
    weights = []
    for weight in layer.get_weights():
        values = rng.uniform(-0.6, 1, weight.shape) * rng.choice([1.0, 2.0, 4.0])
        if weight.ndim > 1:
            values *= rng.random(weight.shape) < rng.choice(SHARES)
            axis = 2 if isinstance(layer, QDepthwiseConv2D) else weight.ndim - 1
            if weight.shape[axis] > 1 and rng.random() < 0.3:
                np.moveaxis(values, axis, 0)[rng.integers(weight.shape[axis])] = 0
        weights.append(values)
    layer.set_weights(weights)


def _activation(rng: np.random.Generator) -> Any:
    bits, integer = int(rng.choice([1, 2, 3, 4, 5, 6])), int(rng.choice([0, 0, 1, 1, 2]))
    if rng.random() < 0.6:
        return quantized_relu(bits, integer)
    return quantized_bits(bits + 1, integer, symmetric=int(rng.integers(0, 2)), alpha=1)


def _weights(rng: np.random.Generator) -> Any:
    return quantized_bits(int(rng.integers(2, 6)), int(rng.choice([0, 0, 1, 2])), alpha=1)


def _bias(rng: np.random.Generator) -> dict[str, Any]:
    if rng.random() < 0.4:
        return {"use_bias": False}
    return {
        "use_bias": True,
        "bias_quantizer": quantized_bits(int(rng.integers(2, 7)), int(rng.integers(0, 2)), alpha=1),
    }


def _convolution(rng: np.random.Generator) -> qkeras.QConv2D:
    geometry = {"padding": "same", "strides": int(rng.choice([1, 1, 2])), **_bias(rng)}
    size, filters, choice = int(rng.integers(1, 4)), int(rng.integers(1, 4)), rng.integers(0, 3)
    if choice == 0:
        return QConv2D(filters, size, kernel_quantizer=_weights(rng), **geometry)
    if choice == 1:
        return QDepthwiseConv2D(size, depthwise_quantizer=_weights(rng), **geometry)
    steps = {"depthwise_quantizer": _weights(rng), "pointwise_quantizer": _weights(rng)}
    return QSeparableConv2D(filters, size, **steps, **geometry)
