"""Pooling and upsampling."""

from __future__ import annotations

from typing import Any

from qkeras import QAveragePooling2D, QGlobalAveragePooling2D
from tensorflow import keras

from hls_projects.lowering.activation import apply
from hls_projects.lowering.plain_model import PlainModel
from hls_projects.lowering.registry import Tensors, rule
from hls_projects.lowering.weights import geometry, quantized
from models.layers.window_geometry import same_zeros

KL = keras.layers


@rule(KL.MaxPooling2D)
def max_pooling(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Maximum over windows that lie in the image."""
    return [_pool(KL.MaxPooling2D, layer, inputs[0], plain)]


@rule(KL.AveragePooling2D)
def average_pooling(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Average over windows whose size is a power of two, so that the division is a shift."""
    _power_of_two(layer.pool_size, plain)
    return [_pool(KL.AveragePooling2D, layer, inputs[0], plain)]


@rule(QAveragePooling2D)
def quantized_average_pooling(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """QKeras multiplies by the quantized 1 / size, which is exact where the size is a power of two."""
    _exact_average(layer, layer.pool_size, plain)
    x = _pool(KL.AveragePooling2D, layer, inputs[0], plain)
    return [apply(layer.activation, x, plain, suffix="activation")]


@rule(KL.GlobalMaxPooling2D)
def global_max_pooling(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Maximum over the whole image."""
    return [_global(KL.MaxPooling2D, layer, inputs[0], plain)]


@rule(KL.GlobalAveragePooling2D)
def global_average_pooling(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Average over the whole image, whose size must be a power of two."""
    _power_of_two(inputs[0].shape[1:3], plain)
    return [_global(KL.AveragePooling2D, layer, inputs[0], plain)]


@rule(QGlobalAveragePooling2D)
def quantized_global_average_pooling(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """As `QAveragePooling2D`, over the whole image."""
    _exact_average(layer, inputs[0].shape[1:3], plain)
    x = _global(KL.AveragePooling2D, layer, inputs[0], plain)
    return [apply(layer.activation, x, plain, suffix="activation")]


@rule(KL.UpSampling2D)
def upsampling(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Nearest-neighbour upsampling."""
    if layer.interpolation != "nearest":
        raise plain.refuse(f"upsampling with interpolation '{layer.interpolation}'", remedy="use 'nearest'")
    if layer.data_format != "channels_last":
        raise plain.refuse("channels first", remedy="use data_format='channels_last'")
    return [plain.keep(KL.UpSampling2D(layer.size, name=plain.name()), inputs[0])]


def _pool(pooling: type[Any], layer: Any, x: Any, plain: PlainModel) -> Any:
    shape = geometry(layer, plain)
    if shape["padding"] == "same":
        for size, pool, stride in zip(x.shape[1:3], layer.pool_size, layer.strides, strict=True):
            if any(same_zeros(size, pool, stride)):
                raise plain.refuse("'same' padding whose windows reach over the edge", remedy="use 'valid' pooling")
    return plain.keep(pooling(layer.pool_size, layer.strides, "valid", name=plain.name()), x)


def _global(pooling: type[Any], layer: Any, x: Any, plain: PlainModel) -> Any:
    if layer.data_format != "channels_last":
        raise plain.refuse("channels first", remedy="use data_format='channels_last'")
    y = plain.keep(pooling(x.shape[1:3], name=plain.name()), x)
    return y if layer.keepdims else plain.keep(KL.Flatten(name=plain.name("flatten")), y)


def _exact_average(layer: Any, window: Any, plain: PlainModel) -> None:
    _power_of_two(window, plain)
    inverse = 1.0 / (window[0] * window[1])
    if layer.average_quantizer is not None and float(quantized(layer.average_quantizer_internal, inverse)) != inverse:
        raise plain.refuse(f"its average_quantizer does not hold 1/{window[0] * window[1]}", remedy="give it more bits")


def _power_of_two(window: Any, plain: PlainModel) -> None:
    size = int(window[0]) * int(window[1])
    if size & (size - 1):
        raise plain.refuse(
            f"an average of {size} values divides by {size}, which is not exact in fixed point",
            remedy="pool over a power of two, such as 2×2 or 4×4",
        )
