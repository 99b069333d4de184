"""Pooling and upsampling."""

from __future__ import annotations

from typing import Any

from qkeras import QAveragePooling2D, QGlobalAveragePooling2D
from tensorflow import keras

from hls_projects.lowering.activation import apply
from hls_projects.lowering.builder import Builder
from hls_projects.lowering.registry import Tensors, rule
from hls_projects.lowering.weights import geometry, quantized
from models.layers.window_geometry import same_zeros

KL = keras.layers


@rule(KL.MaxPooling2D)
def max_pooling(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Maximum over windows that lie in the image."""
    return [_pool(KL.MaxPooling2D, layer, inputs[0], build)]


@rule(KL.AveragePooling2D)
def average_pooling(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Average over windows whose size is a power of two, so that the division is a shift."""
    _power_of_two(layer.pool_size, build)
    return [_pool(KL.AveragePooling2D, layer, inputs[0], build)]


@rule(QAveragePooling2D)
def quantized_average_pooling(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """QKeras multiplies by the quantized 1 / size, which is exact where the size is a power of two."""
    _exact_average(layer, layer.pool_size, build)
    x = _pool(KL.AveragePooling2D, layer, inputs[0], build)
    return [apply(layer.activation, x, build, suffix="activation")]


@rule(KL.GlobalMaxPooling2D)
def global_max_pooling(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Maximum over the whole image."""
    return [_global(KL.MaxPooling2D, layer, inputs[0], build)]


@rule(KL.GlobalAveragePooling2D)
def global_average_pooling(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Average over the whole image, whose size must be a power of two."""
    _power_of_two(inputs[0].shape[1:3], build)
    return [_global(KL.AveragePooling2D, layer, inputs[0], build)]


@rule(QGlobalAveragePooling2D)
def quantized_global_average_pooling(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """As `QAveragePooling2D`, over the whole image."""
    _exact_average(layer, inputs[0].shape[1:3], build)
    x = _global(KL.AveragePooling2D, layer, inputs[0], build)
    return [apply(layer.activation, x, build, suffix="activation")]


@rule(KL.UpSampling2D)
def upsampling(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Nearest-neighbour upsampling."""
    if layer.interpolation != "nearest":
        raise build.refuse(f"upsampling with interpolation '{layer.interpolation}'", remedy="use 'nearest'")
    if layer.data_format != "channels_last":
        raise build.refuse("channels first", remedy="use data_format='channels_last'")
    return [build.keep(KL.UpSampling2D(layer.size, name=build.name()), inputs[0])]


def _pool(kind: type[Any], layer: Any, x: Any, build: Builder) -> Any:
    shape = geometry(layer, build)
    if shape["padding"] == "same":
        for size, pool, stride in zip(x.shape[1:3], layer.pool_size, layer.strides, strict=True):
            if any(same_zeros(size, pool, stride)):
                raise build.refuse("'same' padding whose windows reach over the edge", remedy="use 'valid' pooling")
    return build.keep(kind(layer.pool_size, layer.strides, "valid", name=build.name()), x)


def _global(kind: type[Any], layer: Any, x: Any, build: Builder) -> Any:
    if layer.data_format != "channels_last":
        raise build.refuse("channels first", remedy="use data_format='channels_last'")
    y = build.keep(kind(x.shape[1:3], name=build.name()), x)
    return y if layer.keepdims else build.keep(KL.Flatten(name=build.name("flatten")), y)


def _exact_average(layer: Any, window: Any, build: Builder) -> None:
    _power_of_two(window, build)
    inverse = 1.0 / (window[0] * window[1])
    if layer.average_quantizer is not None and float(quantized(layer.average_quantizer_internal, inverse)) != inverse:
        raise build.refuse(f"its average_quantizer does not hold 1/{window[0] * window[1]}", remedy="give it more bits")


def _power_of_two(window: Any, build: Builder) -> None:
    size = int(window[0]) * int(window[1])
    if size & (size - 1):
        raise build.refuse(
            f"an average of {size} values divides by {size}, which is not exact in fixed point",
            remedy="pool over a power of two, such as 2×2 or 4×4",
        )
