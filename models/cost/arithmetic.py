"""The cost of a layer: output shape, multiplications, parameters and bit operations, from its hyperparameters alone.

Conventions, the same for every layer:

- Shapes, kernels, strides and padding are those of `models.layers.window_geometry`.
- `multiplications` counts weight x input products as the literature does: every output pixel meets every tap of its
  kernel, **padded zeros included**. `multiplications_inside` leaves out the products with padded zeros; that is what a
  fully unrolled circuit has to do. Without padding the two are equal. A transposed convolution is the adjoint of a
  convolution and counts like it: `multiplications` has every input pixel meet every tap, `multiplications_inside`
  leaves out the products that padding crops from the output.
- Bias additions are no multiplications; a bias counts as parameters.
- Pooling, nearest-neighbour upsampling and activation functions cost no multiplications.
- Bit operations: sum over all outputs with n products each of ``n (b_a b_w + b_a + b_w + ceil(log2 n))``, where b_a and
  b_w are the bits of activations and weights: n multipliers and n additions into an accumulator that holds n products.
  Padded zeros are included. Source: Baskin et al., UNIQ, arXiv:1804.10969, section 4 (there log2 n is not rounded up).

Source: A. Howard et al., MobileNets, arXiv:1704.04861, section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Unpack

import numpy as np
import numpy.typing as npt

from models.layers.window_geometry import (
    Padding,
    Pair,
    Shape,
    Sliding,
    output_size,
    padding_before,
    pair,
    products,
    transposed_output_size,
    window,
)

FLOAT_BITS = 32


@dataclass(frozen=True)
class Widths:
    """The bits of a number: `activation` of the layer's input, `weight` of its weights (float32 if not quantized)."""

    activation: int = FLOAT_BITS
    weight: int = FLOAT_BITS


FLOAT = Widths()


@dataclass(frozen=True)
class Cost:
    """The cost of one layer, in the conventions of this module."""

    output_shape: Shape
    multiplications: int = 0
    multiplications_inside: int = 0
    parameters: int = 0
    bit_operations: int = 0

    def __add__(self, following: Cost) -> Cost:
        """The cost of this layer and the following one together; the output shape is that of the latter."""
        return Cost(
            following.output_shape,
            self.multiplications + following.multiplications,
            self.multiplications_inside + following.multiplications_inside,
            self.parameters + following.parameters,
            self.bit_operations + following.bit_operations,
        )

    def times(self, number: int) -> Cost:
        """The same weights used in `number` places; the output shape is that of one."""
        return replace(
            self,
            multiplications=number * self.multiplications,
            multiplications_inside=number * self.multiplications_inside,
            bit_operations=number * self.bit_operations,
        )


def convolution(
    shape: Shape,
    filters: int,
    kernel: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = "valid",
    dilation: Pair = 1,
    groups: int = 1,
    bias: bool = True,
    widths: Widths = FLOAT,
) -> Cost:
    """A convolution over all channels of its group.

    >>> convolution((15, 15, 3), 10, 3, bias=False)  # doctest: +NORMALIZE_WHITESPACE
    Cost(output_shape=(13, 13, 10), multiplications=45630, multiplications_inside=45630, parameters=270,
         bit_operations=49873590)
    >>> convolution((4, 4, 1), 1, 3).output_shape
    (2, 2, 1)

    Raises:
        ValueError: when the kernel does not fit, or the groups do not divide channels and filters.
    """
    channels = shape[2]
    if groups < 1 or channels % groups or filters % groups:
        raise ValueError(f"{groups} groups do not divide {channels} channels and {filters} filters")
    (kernel_rows, kernel_columns), rows, columns = window(shape, kernel, stride, padding, dilation)
    terms = kernel_rows * kernel_columns * (channels // groups)
    outputs = rows.outputs * columns.outputs * filters
    return Cost(
        (rows.outputs, columns.outputs, filters),
        outputs * terms,
        rows.products * columns.products * (channels // groups) * filters,
        terms * filters + filters * bias,
        outputs * _bit_operations(terms, widths),
    )


def masked_convolution(
    shape: Shape,
    filters: int,
    support: npt.NDArray[np.bool_],
    *,
    stride: Pair = 1,
    padding: Padding = "valid",
    groups: int = 1,
    widths: Widths = FLOAT,
) -> Cost:
    """A convolution that has weights only at some taps of its kernel, such as a hexagon; without parameters.

    >>> full = np.ones((3, 3), dtype=bool)
    >>> masked_convolution((15, 15, 3), 10, full).multiplications
    45630

    Raises:
        ValueError: when the kernel does not fit.
    """
    kernels, strides = support.shape, pair(stride)
    inside = np.zeros((2, max(kernels)), dtype=np.int64)
    sizes = []
    for axis, (size, k, s) in enumerate(zip(shape[:2], kernels, strides, strict=True)):
        before = padding_before(size, k, s, padding)
        sizes.append(output_size(size, k, s, padding))
        for tap in range(k):
            inside[axis, tap] = sum(0 <= position * s + tap - before < size for position in range(sizes[axis]))
    terms = int(support.sum()) * (shape[2] // groups)
    pairs = sum(int(inside[0, row] * inside[1, column]) for row, column in np.argwhere(support))
    outputs = sizes[0] * sizes[1] * filters
    return Cost(
        (sizes[0], sizes[1], filters),
        outputs * terms,
        pairs * (shape[2] // groups) * filters,
        0,
        outputs * _bit_operations(terms, widths),
    )


def transposed_convolution(
    shape: Shape,
    filters: int,
    kernel: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = "valid",
    dilation: Pair = 1,
    bias: bool = True,
    widths: Widths = FLOAT,
) -> Cost:
    """A transposed convolution: the adjoint of the convolution that leads from its output back to its input.

    For the bit operations each product is added into an accumulator that is wide enough for the largest number of
    products that meet in one output pixel.

    >>> transposed_convolution((2, 2, 1), 1, 3).output_shape
    (4, 4, 1)
    >>> transposed_convolution((2, 2, 1), 1, 3).multiplications == convolution((4, 4, 1), 1, 3).multiplications
    True

    Raises:
        ValueError: when the padding crops the whole output.
    """
    kernels, strides, dilations = pair(kernel), pair(stride), pair(dilation)
    sizes = [
        transposed_output_size(size, k, s, padding, d)
        for size, k, s, d in zip(shape[:2], kernels, strides, dilations, strict=True)
    ]
    # The adjoint convolution runs over the output; its positions are the input pixels.
    inside = [
        products(output, size, k, s, padding_before(output, k, s, padding, d), d)
        for output, size, k, s, d in zip(sizes, shape[:2], kernels, strides, dilations, strict=True)
    ]
    taps = kernels[0] * kernels[1]
    terms = -(-kernels[0] // strides[0]) * -(-kernels[1] // strides[1]) * shape[2]
    multiplications = shape[0] * shape[1] * taps * shape[2] * filters
    return Cost(
        (sizes[0], sizes[1], filters),
        multiplications,
        inside[0] * inside[1] * shape[2] * filters,
        taps * shape[2] * filters + filters * bias,
        multiplications * _bits_of_one_product(terms, widths),
    )


def depthwise(
    shape: Shape,
    kernel: Pair,
    *,
    depth_multiplier: int = 1,
    bias: bool = True,
    widths: Widths = FLOAT,
    **sliding: Unpack[Sliding],
) -> Cost:
    """A depthwise convolution: every channel with its own `depth_multiplier` kernels (Howard et al., equation 3).

    >>> depthwise((15, 15, 3), 3, bias=False).multiplications
    4563
    """
    channels = shape[2]
    return convolution(shape, channels * depth_multiplier, kernel, groups=channels, bias=bias, widths=widths, **sliding)


def pointwise(shape: Shape, filters: int, *, bias: bool = True, widths: Widths = FLOAT) -> Cost:
    """A 1x1 convolution.

    >>> pointwise((13, 13, 3), 10, bias=False).multiplications
    5070
    """
    return convolution(shape, filters, 1, bias=bias, widths=widths)


def separable(
    shape: Shape,
    filters: int,
    kernel: Pair,
    *,
    depth_multiplier: int = 1,
    bias: bool = True,
    widths: Widths = FLOAT,
    pointwise_weight: int | None = None,
    **sliding: Unpack[Sliding],
) -> Cost:
    """A depthwise separable convolution: depthwise without bias, then pointwise (Howard et al., equation 4).

    The numbers between the two steps are exact sums of products, so they are wider than the input (`sum_bits`).

    >>> shape = (15, 15, 3)
    >>> separable(shape, 10, 3, bias=False).multiplications
    9633
    >>> separable(shape, 10, 3).multiplications / convolution(shape, 10, 3).multiplications == 1 / 10 + 1 / 9
    True
    """
    depthwise_cost = depthwise(shape, kernel, depth_multiplier=depth_multiplier, bias=False, widths=widths, **sliding)
    rows, columns = pair(kernel)
    weight = widths.weight if pointwise_weight is None else pointwise_weight
    between = Widths(sum_bits(rows * columns, widths), weight)
    return depthwise_cost + pointwise(depthwise_cost.output_shape, filters, bias=bias, widths=between)


def dense(inputs: int, units: int, *, bias: bool = True, widths: Widths = FLOAT) -> Cost:
    """A fully connected layer on `inputs` numbers; its output shape is (1, 1, units).

    >>> dense(128, 5).multiplications, dense(128, 5).parameters
    (640, 645)
    """
    return pointwise((1, 1, inputs), units, bias=bias, widths=widths)


def pooling(shape: Shape, size: Pair, *, stride: Pair | None = None, padding: Padding = "valid") -> Cost:
    """Maximum or average pooling; the default stride is the size of the window.

    >>> pooling((13, 13, 4), 2).output_shape
    (6, 6, 4)
    """
    _, rows, columns = window(shape, size, size if stride is None else stride, padding, 1)
    return Cost((rows.outputs, columns.outputs, shape[2]))


def upsampling(shape: Shape, factor: Pair) -> Cost:
    """Nearest-neighbour upsampling: every pixel is repeated, wires only.

    >>> upsampling((4, 4, 8), 2).output_shape
    (8, 8, 8)
    """
    rows, columns = pair(factor)
    return Cost((shape[0] * rows, shape[1] * columns, shape[2]))


def sum_bits(terms: int, widths: Widths) -> int:
    """Bits that hold a sum of `terms` products of activations and weights without loss, at most those of float32.

    >>> sum_bits(9, Widths(8, 6)), sum_bits(9, FLOAT)
    (18, 32)
    """
    return min(widths.activation + widths.weight + (terms - 1).bit_length(), FLOAT_BITS)


def _bits_of_one_product(terms: int, widths: Widths) -> int:
    a, w = widths.activation, widths.weight
    return a * w + a + w + (terms - 1).bit_length()


def _bit_operations(terms: int, widths: Widths) -> int:
    return terms * _bits_of_one_product(terms, widths)
