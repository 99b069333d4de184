"""Layers that move numbers without changing them, and layers that do nothing at inference."""

from __future__ import annotations

from typing import Any

import numpy as np
from tensorflow import keras

from hls_projects.lowering.plain_model import PlainModel
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
def flatten(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """An image as a vector, row by row, channels last; a vector stays as it is."""
    if layer.data_format != "channels_last":
        raise plain.refuse("channels first", remedy="use data_format='channels_last'")
    if len(inputs[0].shape) == 2:
        return inputs
    return [plain.keep(KL.Flatten(name=plain.name()), inputs[0])]


@rule(KL.Reshape)
def reshape(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Another shape with the same order of numbers."""
    x = inputs[0]
    target = layer.compute_output_shape(x.shape)[1:]
    if tuple(target) == tuple(x.shape[1:]):
        return inputs
    if len(target) == 1:
        return [plain.keep(KL.Flatten(name=plain.name()), x)]
    return [plain.keep(KL.Reshape([int(size) for size in target], name=plain.name()), x)]


@rule(KL.ZeroPadding2D)
def zero_padding(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Zeros around an image."""
    if layer.data_format != "channels_last":
        raise plain.refuse("channels first", remedy="use data_format='channels_last'")
    if not np.any(layer.padding):
        return inputs
    return [plain.keep(KL.ZeroPadding2D(layer.padding, name=plain.name()), inputs[0])]


@rule(*TRAINING_ONLY)
def training_only(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Nothing at inference."""
    return inputs


@rule(KL.BatchNormalization)
def batch_normalization(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Refused: its scale is no fixed-point number, and folding it into quantized weights changes them."""
    raise plain.refuse(
        "a separate batch normalisation cannot be folded exactly",
        remedy="train with QConv2DBatchnorm or QDepthwiseConv2DBatchnorm, which quantize after folding",
    )
