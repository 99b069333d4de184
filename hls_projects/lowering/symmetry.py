"""Layers that know a symmetry: plain layers with all turned copies of the quantized filters written out."""

from __future__ import annotations

from typing import Any

import numpy as np
from tensorflow import keras

from hls_projects.lowering.plain_model import Array, PlainModel
from hls_projects.lowering.registry import Tensors, rule
from models.layers.group_layers import GroupConv2D, GroupDense, GroupSeparableConv2D
from models.layers.hexagonal_pooling import SIZE, HexagonalMaxPooling2D
from models.layers.view_layers import ViewConv2D, ViewDense, ViewSeparableConv2D
from models.symmetry.groups import GROUPS

KL = keras.layers

READERS = 7
"""Layers that may read one tensor: hls4ml makes no more copies of a stream."""


@rule(GroupConv2D)
def group_convolution(layer: GroupConv2D, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A convolution whose kernel is the filter bank; the bias is the same for every element."""
    filters, bias = layer.effective_weights()
    kernel = _array(layer.kernel_bank(filters))
    return [plain.conv2d(inputs[0], kernel, _array(layer.shared(bias)), **_geometry(layer))]


@rule(GroupSeparableConv2D)
def separable_group_convolution(layer: GroupSeparableConv2D, inputs: Tensors, plain: PlainModel) -> Tensors:
    """Its two steps: the first one mixes elements and no channels, the second one channels and no elements."""
    filters, bias = layer.effective_weights()
    first = plain.depthwise if layer.plain_depthwise else plain.conv2d
    kernel = _array(layer.depthwise_bank(filters))
    x = first(inputs[0], kernel, None, suffix="depthwise", **_geometry(layer))
    return [_pointwise(x, _array(layer.pointwise_bank(filters)), _array(layer.shared(bias)), plain)]


@rule(GroupDense)
def group_dense(layer: GroupDense, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A dense layer on the flattened map."""
    filters, bias = layer.effective_weights()
    kernel = _array(layer.kernel_bank(filters))
    return [plain.dense(_flat(inputs[0], plain), kernel, _array(layer.shared(bias)))]


@rule(ViewConv2D)
def views_convolution(layer: ViewConv2D, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A convolution with turned filters for every view."""
    filters, bias = layer.effective_weights()
    views = zip(_maps(layer, inputs, plain), layer.kernels(filters), strict=True)
    return [plain.conv2d(x, _array(kernel), _array(bias), **_geometry(layer)) for x, kernel in views]


@rule(ViewSeparableConv2D)
def views_separable(layer: ViewSeparableConv2D, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A separable convolution in its two steps for every view, the first one with turned filters."""
    filters, bias = layer.effective_weights()
    found = []
    for x, kernel in zip(_maps(layer, inputs, plain), layer.kernels(filters), strict=True):
        y = plain.depthwise(x, _array(kernel), None, suffix="depthwise", **_geometry(layer))
        found.append(_pointwise(y, _array(filters[1])[None, None], _array(bias), plain))
    return found


@rule(ViewDense)
def views_dense(layer: ViewDense, inputs: Tensors, plain: PlainModel) -> Tensors:
    """A dense layer on all maps one behind the other; turning them back is the order of its weights."""
    filters, bias = layer.effective_weights()
    joined = _flat(inputs[0], plain)
    for x in inputs[1:]:
        both = [joined, _flat(x, plain)]
        joined = plain.keep(KL.Concatenate(axis=-1, name=plain.name("views")), both)
    return [plain.dense(joined, _array(layer.matrix(filters)), _array(bias))]


@rule(HexagonalMaxPooling2D)
def hexagonal_pooling(layer: HexagonalMaxPooling2D, inputs: Tensors, plain: PlainModel) -> Tensors:
    """The seven pixels of every window side by side (wires, as a convolution with ones), and their maximum."""
    x = inputs[0]
    channels = int(x.shape[-1])
    places = np.argwhere(GROUPS["hex"].support(SIZE))
    kernel = np.zeros((SIZE, SIZE, channels, len(places), channels))
    for number, (row, column) in enumerate(places):
        kernel[row, column, :, number] = np.eye(channels)
    wires = kernel.reshape(SIZE, SIZE, channels, -1)
    strides = (layer.strides, layer.strides)
    side = plain.conv2d(x, wires, None, suffix="neighbours", strides=strides, padding="valid")
    rows, columns = (int(size) for size in side.shape[1:3])
    y = plain.keep(KL.Reshape((rows, columns * len(places), channels), name=plain.name("windows")), side)
    return [plain.keep(KL.MaxPooling2D((1, len(places)), name=plain.name()), y)]


def _pointwise(x: Any, kernel: Array, bias: Array, plain: PlainModel) -> Any:
    return plain.conv2d(x, kernel, bias, suffix="pointwise", strides=(1, 1), padding="valid")


def _geometry(layer: Any) -> dict[str, Any]:
    return {"strides": (layer.strides, layer.strides), "padding": layer.padding}


def _flat(x: Any, plain: PlainModel) -> Any:
    return x if len(x.shape) == 2 else plain.keep(KL.Flatten(name=plain.name("flatten")), x)


def _maps(layer: Any, inputs: Tensors, plain: PlainModel) -> list[Any]:
    """The input of every view; one image for many views is copied, so that none has more readers than a stream may."""
    if len(inputs) > 1:
        return list(layer.maps(inputs))
    maps = list(layer.maps(inputs[0]))
    groups = -(-len(maps) // READERS)
    if groups == 1:
        return maps
    views_per_copy = -(-len(maps) // groups)
    copies = [plain.copy(inputs[0]) for _ in range(groups)]
    return [copies[number // views_per_copy] for number in range(len(maps))]


def _array(values: Any) -> Array:
    return np.asarray(values, dtype=np.float64)
