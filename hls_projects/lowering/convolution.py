"""Convolutions: depthwise and separable ones are split, dilation, groups and folded batch normalisation written out."""

from __future__ import annotations

from typing import Any

import numpy as np
from qkeras import QConv2D, QConv2DBatchnorm, QDepthwiseConv2D, QDepthwiseConv2DBatchnorm, QSeparableConv2D
from tensorflow import keras

from hls_projects.lowering.activation import apply
from hls_projects.lowering.plain_model import Array, PlainModel
from hls_projects.lowering.registry import Tensors, rule
from hls_projects.lowering.weights import block_diagonal, dilated, geometry, kernel_and_bias, quantized


@rule(QConv2D, keras.layers.Conv2D)
def conv2d(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A convolution, grouped and dilated ones as full ones with zeros."""
    if getattr(layer, "mask", None) is not None:
        raise plain.refuse("a QConv2D with a mask")
    kernel, bias = kernel_and_bias(layer)
    kernel = dilated(block_diagonal(kernel, layer.groups), layer.dilation_rate)
    x = plain.conv2d(inputs[0], kernel, bias, **geometry(layer, plain))
    return [apply(layer.activation, x, plain, suffix="activation")]


@rule(QConv2DBatchnorm)
def conv2d_batchnorm(layer: QConv2DBatchnorm, inputs: Tensors, plain: PlainModel) -> Tensors:
    """QKeras folds the batch normalisation into the kernel before it quantizes; the folded kernel is the kernel."""
    kernel, bias = (_folded(layer, weight) for weight in ("kernel", "bias"))
    x = plain.conv2d(inputs[0], dilated(kernel, layer.dilation_rate), bias, **geometry(layer, plain))
    return [apply(layer.activation, x, plain, suffix="activation")]


@rule(QDepthwiseConv2D, keras.layers.DepthwiseConv2D)
def depthwise(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A depthwise convolution; with a depth multiplier it becomes a sparse full convolution."""
    kernel, bias = kernel_and_bias(layer, "depthwise")
    x = _depthwise(inputs[0], kernel, bias, layer, plain)
    return [apply(layer.activation, x, plain, suffix="activation")]


@rule(QDepthwiseConv2DBatchnorm)
def depthwise_batchnorm(layer: QDepthwiseConv2DBatchnorm, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A depthwise convolution with its batch normalisation folded by QKeras."""
    kernel, bias = (_folded(layer, weight) for weight in ("depthwise", "bias"))
    x = _depthwise(inputs[0], kernel, bias, layer, plain)
    return [apply(layer.activation, x, plain, suffix="activation")]


@rule(QSeparableConv2D, keras.layers.SeparableConv2D)
def separable(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A separable convolution in its two steps (Howard et al. 2017, arXiv:1704.04861, section 3.1)."""
    kernel, bias = kernel_and_bias(layer, "depthwise")
    pointwise, _ = kernel_and_bias(layer, "pointwise")
    x = _depthwise(inputs[0], kernel, None, layer, plain, suffix="depthwise")
    x = plain.conv2d(x, pointwise, bias, suffix="pointwise", strides=(1, 1), padding="valid")
    return [apply(layer.activation, x, plain, suffix="activation")]


def _depthwise(x: Any, kernel: Array, bias: Array | None, layer: Any, plain: PlainModel, suffix: str = "") -> Any:
    """Depthwise kernel [rows, columns, channels, multiplier]; output channel = channel · multiplier + copy."""
    kernel = dilated(kernel, layer.dilation_rate)
    rows, columns, channels, multiplier = kernel.shape
    if multiplier == 1:
        return plain.depthwise(x, kernel, bias, suffix=suffix, **geometry(layer, plain))
    full = np.zeros((rows, columns, channels, channels * multiplier))
    for channel in range(channels):
        full[:, :, channel, channel * multiplier : (channel + 1) * multiplier] = kernel[:, :, channel]
    return plain.conv2d(x, full, bias, suffix=suffix, **geometry(layer, plain))


def _folded(layer: Any, weight: str) -> Array:
    """`kernel`, `depthwise` or `bias` of a layer that folds its batch normalisation, quantized."""
    folded_kernel, folded_bias = layer.get_folded_weights()
    folded = folded_bias if weight == "bias" else folded_kernel
    return quantized(getattr(layer, f"{weight}_quantizer_internal", None), folded)
