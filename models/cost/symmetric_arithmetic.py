"""The cost of layers with a symmetry: the multiplications of their plain form, the parameters of their base filters.

Conventions: `models.cost.arithmetic`. Taps outside a hexagon, and places that are zero in every bank, are no
multiplications.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from models.cost import arithmetic
from models.cost.arithmetic import FLOAT, FLOAT_BITS, Cost, Widths
from models.layers.window_geometry import Padding, Shape
from models.symmetry.groups import Group


def group_convolution(
    shape: Shape,
    filters: int,
    kernel: int,
    group: Group,
    *,
    lifts: bool,
    stride: int = 1,
    padding: Padding = "valid",
    widths: Widths = FLOAT,
) -> Cost:
    """A group convolution with `filters` outputs for every element.

    At equal width (Cohen and Welling, arXiv:1602.07576, section 6.3) a lifting convolution has the parameters of a
    plain one, and a convolution over the group as many times these as the group has elements:

    >>> from models.symmetry.groups import GROUPS
    >>> p4 = GROUPS["p4"]
    >>> group_convolution((8, 8, 4 * 16), 16, 3, p4, lifts=False).parameters / (9 * 16 * 16 + 16)
    3.979310...
    """
    support = group.support(kernel)
    cost = arithmetic.masked_convolution(
        shape, filters * group.order, support, stride=stride, padding=padding, widths=widths
    )
    return replace(cost, parameters=int(support.sum()) * shape[2] * filters + filters)


def separable_group_convolution(
    shape: Shape,
    filters: int,
    kernel: int,
    group: Group,
    *,
    lifts: bool,
    stride: int = 1,
    padding: Padding = "valid",
    widths: Widths = FLOAT,
    pointwise_weight: int = FLOAT_BITS,
) -> Cost:
    """A separable group convolution: over space and group for every channel, then over the channels."""
    support = group.support(kernel)
    elements = 1 if lifts else group.order
    channels = shape[2] // elements
    depthwise = arithmetic.masked_convolution(
        (shape[0], shape[1], elements), group.order, support, stride=stride, padding=padding, widths=widths
    )
    between = Widths(arithmetic.sum_bits(int(support.sum()) * elements, widths), pointwise_weight)
    rows, columns, _ = depthwise.output_shape
    pointwise = arithmetic.pointwise((rows, columns, channels), filters, widths=between)
    total = depthwise.times(channels) + pointwise.times(group.order)
    return replace(
        total,
        output_shape=(rows, columns, group.order * filters),
        parameters=int(support.sum()) * shape[2] + pointwise.parameters,
    )


def group_dense(shape: Shape, filters: int, group: Group, *, lifts: bool = False, widths: Widths = FLOAT) -> Cost:
    """A group convolution whose kernel is the whole map [size, size, elements · channels]."""
    return group_convolution(shape, filters, shape[0], group, lifts=lifts, widths=widths)


def views_convolution(
    shape: Shape,
    filters: int,
    kernel: int,
    group: Group,
    *,
    separable: bool,
    stride: int = 1,
    padding: Padding = "valid",
    widths: Widths = FLOAT,
    pointwise_weight: int = FLOAT_BITS,
) -> Cost:
    """The same convolution of a map of every view; `shape` and the output shape are those of one view."""
    support = group.support(kernel)
    if not separable:
        full = arithmetic.masked_convolution(shape, filters, support, stride=stride, padding=padding, widths=widths)
        return replace(full.times(group.order), parameters=int(support.sum()) * shape[2] * filters + filters)
    depthwise = arithmetic.masked_convolution(
        shape, shape[2], support, stride=stride, padding=padding, groups=shape[2], widths=widths
    )
    between = Widths(arithmetic.sum_bits(int(support.sum()), widths), pointwise_weight)
    pointwise = arithmetic.pointwise(depthwise.output_shape, filters, widths=between)
    total = (depthwise + pointwise).times(group.order)
    return replace(total, parameters=int(support.sum()) * shape[2] + pointwise.parameters)


def views_dense(shape: Shape, filters: int, group: Group, *, widths: Widths = FLOAT) -> Cost:
    """A dense layer on a map [size, size, channels] of every view."""
    inputs = group.order * group.taps(shape[0]) * shape[2]
    return arithmetic.dense(inputs, filters, widths=widths)


def of_group_layer(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    """The rule of `GroupConv2D` and `GroupSeparableConv2D` for `models.cost.model_arithmetic`."""
    shape = shapes[0]
    support = layer.group.taps(layer.kernel_size)
    window = {"lifts": layer.lifts, "stride": layer.strides, "padding": layer.padding, "widths": widths}
    if type(layer).__name__ == "GroupConv2D":
        cost = group_convolution(shape, layer.filters, layer.kernel_size, layer.group, **window)
        return cost, arithmetic.sum_bits(support * shape[2], widths)
    second = _bits(layer.weight_quantizers[1])
    cost = separable_group_convolution(
        shape, layer.filters, layer.kernel_size, layer.group, pointwise_weight=second, **window
    )
    between = Widths(arithmetic.sum_bits(support * layer.elements_in, widths), second)
    return cost, arithmetic.sum_bits(shape[2] // layer.elements_in, between)


def of_group_dense(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    """The rule of `GroupDense`."""
    cost = group_dense(shapes[0], layer.filters, layer.group, lifts=layer.lifts, widths=widths)
    return cost, arithmetic.sum_bits(layer.group.taps(layer.size) * shapes[0][2], widths)


def of_view_layer(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    """The rule of `ViewConv2D` and `ViewSeparableConv2D`."""
    separable = type(layer).__name__ == "ViewSeparableConv2D"
    support = layer.group.taps(layer.kernel_size)
    second = _bits(layer.weight_quantizers[-1])
    cost = views_convolution(
        shapes[0],
        layer.filters,
        layer.kernel_size,
        layer.group,
        separable=separable,
        stride=layer.strides,
        padding=layer.padding,
        widths=widths,
        pointwise_weight=second,
    )
    if not separable:
        return cost, arithmetic.sum_bits(support * shapes[0][2], widths)
    return cost, arithmetic.sum_bits(shapes[0][2], Widths(arithmetic.sum_bits(support, widths), second))


def of_view_dense(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    """The rule of `ViewDense`."""
    cost = views_dense(shapes[0], layer.filters, layer.group, widths=widths)
    return cost, arithmetic.sum_bits(layer.group.order * layer.group.taps(layer.size) * shapes[0][2], widths)


def _bits(quantizer: Any) -> int:
    return FLOAT_BITS if quantizer is None else int(quantizer.bits)
