"""Sliding windows: the positions of a kernel along each axis, and which of its taps lie inside the image.

- A shape is (rows, columns, channels). A kernel, stride or dilation is one integer for both axes or a pair.
- Padding is `"valid"` (none), `"same"` as TensorFlow has it (output = ceil(input / stride), the odd zero goes behind),
  or an integer p: p zeros on all four sides.

Source: V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

Shape = tuple[int, int, int]
Pair = int | tuple[int, int]
Padding = Literal["valid", "same"] | int


class Sliding(TypedDict, total=False):
    """How a kernel moves over the image: by default with stride 1, no padding and dilation 1."""

    stride: Pair
    padding: Padding
    dilation: Pair


@dataclass(frozen=True)
class Axis:
    """One axis of a sliding window: `outputs` positions; `products` counts (position, tap) pairs inside the input."""

    outputs: int
    products: int


def pair(value: Pair) -> tuple[int, int]:
    """An integer for both axes, or a pair, as a pair.

    Raises:
        ValueError: when a value is less than 1.
    """
    rows, columns = (value, value) if isinstance(value, int) else value
    if rows < 1 or columns < 1:
        raise ValueError(f"kernel, stride and dilation must be at least 1, not {value}")
    return rows, columns


def padding_before(size: int, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1) -> int:
    """Zeros before the first pixel of one axis.

    >>> padding_before(5, 3, stride=2, padding="same"), padding_before(4, 3, stride=2, padding="same")
    (1, 0)
    """
    if padding == "valid":
        return 0
    if padding == "same":
        return same_zeros(size, kernel, stride, dilation)[0]
    if not isinstance(padding, int) or padding < 0:
        raise ValueError(f"padding must be 'valid', 'same' or an integer from 0, not {padding!r}")
    return padding


def same_zeros(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """The zeros of TensorFlow's padding `SAME` before and behind one axis; the odd one stands behind.

    >>> same_zeros(16, 3, stride=2), same_zeros(15, 3, stride=2)
    ((0, 1), (1, 1))
    """
    reach = dilation * (kernel - 1) + 1
    zeros = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return zeros // 2, zeros - zeros // 2


def output_size(size: int, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1) -> int:
    """Output positions of a convolution or pooling along one axis.

    Dumoulin and Visin, relationships 6 and 15: floor((i + 2p - k - (k-1)(d-1)) / s) + 1.

    >>> output_size(4, 3), output_size(5, 3, stride=2, padding=1), output_size(7, 3, dilation=2)
    (2, 3, 3)
    >>> output_size(5, 4, padding=2), output_size(5, 3, stride=2, padding="same")
    (6, 3)

    Raises:
        ValueError: when the (padded) input is smaller than the kernel.
    """
    if padding == "same":
        return -(-size // stride)
    room = size + 2 * padding_before(size, kernel, stride, padding, dilation) - (dilation * (kernel - 1) + 1)
    if room < 0:
        raise ValueError(f"a kernel of {kernel} (dilation {dilation}) does not fit into {size} pixels")
    return room // stride + 1


def transposed_output_size(
    size: int, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1
) -> int:
    """Output positions of a transposed convolution along one axis.

    Dumoulin and Visin, relationship 13: s(i-1) + k - 2p. As in Keras, "same" gives s i, and "valid" with a stride
    larger than the kernel gives s i too (the gap behind the last pixel is kept).

    >>> transposed_output_size(2, 3), transposed_output_size(5, 3, stride=2, padding="same")
    (4, 10)
    >>> transposed_output_size(3, 3, stride=2, padding=1)
    5

    Raises:
        ValueError: when the padding crops the whole output.
    """
    reach = dilation * (kernel - 1) + 1
    if padding == "same":
        return size * stride
    if padding == "valid":
        return size * stride + max(reach - stride, 0)
    output = stride * (size - 1) + reach - 2 * padding_before(size, kernel, stride, padding, dilation)
    if output < 1:
        raise ValueError(f"padding {padding} crops the whole output")
    return output


def window(
    shape: Shape, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> tuple[tuple[int, int], Axis, Axis]:
    """The kernel as a pair, and its positions and products along rows and columns.

    >>> window((4, 4, 1), 3, 1, "same", 1)
    ((3, 3), Axis(outputs=4, products=10), Axis(outputs=4, products=10))

    Raises:
        ValueError: when the (padded) input is smaller than the kernel.
    """
    kernels = pair(kernel)
    axes = []
    for size, k, s, d in zip(shape[:2], kernels, pair(stride), pair(dilation), strict=True):
        outputs = output_size(size, k, s, padding, d)
        axes.append(Axis(outputs, products(size, outputs, k, s, padding_before(size, k, s, padding, d), d)))
    return kernels, axes[0], axes[1]


def products(size: int, outputs: int, kernel: int, stride: int, before: int, dilation: int) -> int:
    """Pairs (output position, tap) of one axis whose pixel lies inside the input."""
    return sum(
        0 <= position * stride + tap * dilation - before < size for position in range(outputs) for tap in range(kernel)
    )
