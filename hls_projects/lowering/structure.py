"""Layers that move numbers without changing them, and layers that do nothing at inference."""

from __future__ import annotations

from typing import Any

import numpy as np
from tensorflow import keras

from hls_projects.lowering.builder import Builder
from hls_projects.lowering.registry import Tensors, rule

KL = keras.layers

TRAINING_ONLY = (
    KL.Dropout,
    KL.SpatialDropout2D,
    KL.GaussianNoise,
    KL.GaussianDropout,
    KL.AlphaDropout,
    KL.ActivityRegularization,
)
"""Layers that do nothing at inference."""


@rule(KL.Flatten)
def flatten(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """An image as a vector, row by row, channels last; a vector stays as it is."""
    if layer.data_format != "channels_last":
        raise build.refuse("channels first", remedy="use data_format='channels_last'")
    if len(inputs[0].shape) == 2:
        return inputs
    return [build.keep(KL.Flatten(name=build.name()), inputs[0])]


@rule(KL.Reshape)
def reshape(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Another shape with the same order of numbers."""
    x = inputs[0]
    target = layer.compute_output_shape(x.shape)[1:]
    if tuple(target) == tuple(x.shape[1:]):
        return inputs
    if len(target) == 1:
        return [build.keep(KL.Flatten(name=build.name()), x)]
    return [build.keep(KL.Reshape([int(size) for size in target], name=build.name()), x)]


@rule(KL.ZeroPadding2D)
def zero_padding(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Zeros around an image."""
    if layer.data_format != "channels_last":
        raise build.refuse("channels first", remedy="use data_format='channels_last'")
    if not np.any(layer.padding):
        return inputs
    return [build.keep(KL.ZeroPadding2D(layer.padding, name=build.name()), inputs[0])]


@rule(*TRAINING_ONLY)
def training_only(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Nothing at inference."""
    return inputs


@rule(KL.BatchNormalization)
def batch_normalization(layer: Any, inputs: Tensors, build: Builder) -> Tensors:
    """Refused: its scale is no fixed-point number, and folding it into quantized weights changes them."""
    raise build.refuse(
        "a separate batch normalisation cannot be folded exactly",
        remedy="train with QConv2DBatchnorm or QDepthwiseConv2DBatchnorm, which quantize after folding",
    )
