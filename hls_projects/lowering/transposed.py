"""Transposed convolutions as padding, reshaping and a plain convolution.

A transposed convolution of stride s is a convolution of the image with s - 1 zeros behind every row and column, with
the kernel turned by 180° (Dumoulin and Visin, arXiv:1603.07285, section 4.5). The zeros between are no plain operation,
zeros at the edge are: seen as an image of one column, every pixel gets its zeros beside it; seen as rows that are s
times as long, every row gets the rows of zeros behind it.
"""

from __future__ import annotations

from typing import Any

from tensorflow import keras

from hls_projects.lowering.activation import apply
from hls_projects.lowering.plain_model import PlainModel
from hls_projects.lowering.registry import Tensors, rule
from hls_projects.lowering.weights import geometry, kernel_and_bias
from models.layers.transposed import QuantizedConv2DTranspose

KL = keras.layers


@rule(QuantizedConv2DTranspose, KL.Conv2DTranspose)
def transposed(layer: Any, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A transposed convolution with padding `same` or `valid`, of any stride."""
    shape = geometry(layer, plain)
    if layer.output_padding is not None or tuple(layer.dilation_rate) != (1, 1):
        raise plain.refuse("a transposed convolution with output_padding or dilation")
    kernel, bias = kernel_and_bias(layer)
    x = _spread(inputs[0], shape["strides"], plain)
    edges = [
        _edges(size, stride, shape["padding"]) for size, stride in zip(kernel.shape[:2], shape["strides"], strict=True)
    ]
    if any(edge != (0, 0) for edge in edges):
        x = plain.keep(KL.ZeroPadding2D(edges, name=plain.name("edge")), x)
    turned = kernel[::-1, ::-1].swapaxes(2, 3)
    y = plain.conv2d(x, turned, bias, strides=(1, 1), padding="valid")
    return [apply(layer.activation, y, plain, suffix="activation")]


def _spread(x: Any, strides: tuple[int, int], plain: PlainModel) -> Any:
    """The image with zeros behind every row and column: [rows · strides[0], columns · strides[1], channels]."""
    rows, columns, channels = (int(size) for size in x.shape[1:])

    def move(shape: tuple[int, int, int], tensor: Any, suffix: str) -> Any:
        return plain.keep(KL.Reshape(shape, name=plain.name(suffix)), tensor)

    def pad(zeros: int, tensor: Any, suffix: str) -> Any:
        return plain.keep(KL.ZeroPadding2D(((0, 0), (0, zeros)), name=plain.name(suffix)), tensor)

    if strides[1] > 1:
        x = move((rows * columns, 1, channels), x, "pixels")
        x = pad(strides[1] - 1, x, "spread_columns")
    columns *= strides[1]
    if strides[0] == 1 and strides[1] > 1:
        return move((rows, columns, channels), x, "spread")
    if strides[0] > 1:
        if strides[1] > 1:
            x = move((rows, columns, channels), x, "rows")
        x = pad((strides[0] - 1) * columns, x, "spread_rows")
        x = move((rows * strides[0], columns, channels), x, "spread")
    return x


def _edges(kernel: int, stride: int, padding: str) -> tuple[int, int]:
    """Zeros before and after the spread image along one axis, so that the output has the size that Keras gives it."""
    if padding == "valid":
        return kernel - 1, max(kernel, stride) - stride
    cut = max(kernel - stride, 0) // 2
    return kernel - 1 - cut, cut
