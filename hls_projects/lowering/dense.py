"""Dense layers."""

from __future__ import annotations

from typing import Any

from qkeras import QDense
from tensorflow import keras

from hls_projects.lowering.activation import apply
from hls_projects.lowering.plain_model import PlainModel
from hls_projects.lowering.registry import Tensors, rule
from hls_projects.lowering.weights import kernel_and_bias


@rule(QDense, keras.layers.Dense)
def dense(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A dense layer; on an image it is a 1×1 convolution."""
    x = inputs[0]
    kernel, bias = kernel_and_bias(layer)
    rank = len(x.shape) - 1
    if rank == 1:
        y = plain.dense(x, kernel, bias)
    elif rank == 3:
        y = plain.conv2d(x, kernel[None, None], bias, strides=(1, 1), padding="valid")
    else:
        raise plain.refuse(f"a dense layer on a tensor of rank {rank}", remedy="flatten it first")
    return [apply(layer.activation, y, plain, suffix="activation")]
