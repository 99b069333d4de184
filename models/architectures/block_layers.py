"""The layers of one block of a network with a symmetry: the convolution and the pooling."""

from __future__ import annotations

from typing import Any

from tensorflow import keras

from models.architectures.number_format import NumberFormat
from models.layers.filter_forms import FullFilter, SeparableFilter
from models.layers.hexagonal_pooling import HexagonalMaxPooling2D
from models.settings import BlockSettings
from models.symmetry.groups import Group


def convolution(
    full: type[FullFilter],
    separable: type[SeparableFilter],
    block: BlockSettings,
    group: Group,
    number_format: NumberFormat,
    **options: Any,
) -> keras.layers.Layer:
    """The convolution of one block.

    Args:
        full: the layer of a block without a depthwise step.
        separable: that of a block with one.
        block: filters, kernel, stride, padding and quantizers.
        group: the symmetry.
        number_format: float or quantized.
        options: further arguments of the layer.
    """
    options |= {"strides": block.stride, "padding": block.padding, "bias_quantizer": number_format.weights(block.bias)}
    pointwise = number_format.weights(block.pointwise)
    if block.depthwise is None:
        return full(block.filters, block.kernel, group.name, kernel_quantizer=pointwise, **options)
    texts = {"depthwise_quantizer": number_format.weights(block.depthwise), "pointwise_quantizer": pointwise}
    return separable(block.filters, block.kernel, group.name, **texts, **options)


def pooling(block: BlockSettings, group: Group, name: str) -> keras.layers.Layer:
    """Maximum pooling over squares or hexagons."""
    if group.lattice == "hexagonal":
        return HexagonalMaxPooling2D(block.pooling, name=name)
    return keras.layers.MaxPooling2D(block.pooling, name=name)
