"""The arithmetic of plain layers on raw integers, exact: the meaning that every implementation must have.

All arrays are int64; images are [batch, rows, columns, channels]. Sums are checked beforehand against 63 bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import MAX_WIDTH
from models.layers.window_geometry import same_zeros

Integers = npt.NDArray[np.int64]
Pair = tuple[int, int]
Zeros = tuple[Pair, Pair]
"""Rows of zeros before and after, columns of zeros before and after."""
NO_ZEROS: Zeros = ((0, 0), (0, 0))


def conv2d(x: Integers, kernel: Integers, strides: Pair, padding: Zeros) -> Integers:
    """Two-dimensional convolution (correlation, as Keras has it), without bias.

    Args:
        x: [batch, rows, columns, in].
        kernel: [rows, columns, in, out].
        strides: steps along rows and columns.
        padding: zeros around the image.

    Raises:
        OverflowError: when a sum could need more than 63 bits.
    """
    windows = _windows(x, (kernel.shape[0], kernel.shape[1]), strides, padding)
    _check_width(x, np.abs(kernel).sum(axis=(0, 1, 2)))
    return np.asarray(np.einsum("bijcrs,rsco->bijo", windows, kernel, optimize=True))


def depthwise_conv2d(x: Integers, kernel: Integers, strides: Pair, padding: Zeros) -> Integers:
    """Depthwise convolution of multiplier 1; kernel [rows, columns, channels, 1]. See `conv2d`."""
    windows = _windows(x, (kernel.shape[0], kernel.shape[1]), strides, padding)
    _check_width(x, np.abs(kernel).sum(axis=(0, 1)))
    return np.asarray(np.einsum("bijcrs,rsc->bijc", windows, kernel[..., 0], optimize=True))


def patches(x: Integers, kernel: Pair, strides: Pair) -> Integers:
    """The windows of one image [rows, columns, channels] that a convolution reads: [pixels, window, channels]."""
    windows = _windows(x[None], kernel, strides)[0]
    rows, columns, channels = windows.shape[:3]
    return np.moveaxis(windows, 2, -1).reshape(rows * columns, kernel[0] * kernel[1], channels)


def dense(x: Integers, kernel: Integers) -> Integers:
    """Matrix product [batch, in] · [in, out]."""
    _check_width(x, np.abs(kernel).sum(axis=0))
    return x @ kernel


def max_pool(x: Integers, pool: Pair, strides: Pair) -> Integers:
    """Maximum over windows inside the image."""
    result: Integers = _windows(x, pool, strides).max(axis=(-2, -1))
    return result


def sum_pool(x: Integers, pool: Pair, strides: Pair) -> Integers:
    """Sum over windows inside the image; the average is this with log2(rows · columns) more fraction bits."""
    result: Integers = _windows(x, pool, strides).sum(axis=(-2, -1))
    return result


def upsample(x: Integers, size: Pair) -> Integers:
    """Nearest-neighbour upsampling: every pixel `size` times along rows and columns."""
    return x.repeat(size[0], axis=1).repeat(size[1], axis=2)


def spread(x: Integers, strides: Pair) -> Integers:
    """Zeros behind every row and column, `strides` - 1 of them."""
    batch, rows, columns, channels = x.shape
    result = np.zeros((batch, rows * strides[0], columns * strides[1], channels), x.dtype)
    result[:, :: strides[0], :: strides[1]] = x
    return result


def pad(x: Integers, padding: Zeros) -> Integers:
    """Zeros around the image."""
    return np.pad(x, [(0, 0), *padding, (0, 0)])


def shifted(raw: Integers, bits: int) -> Integers:
    """The integers with zeros behind them.

    Raises:
        OverflowError: when one could need more than 63 bits.
    """
    largest = max(-int(raw.min(initial=0)), int(raw.max(initial=0)))
    if largest and largest.bit_length() + bits > MAX_WIDTH - 1:
        raise OverflowError(f"it needs more than {MAX_WIDTH} bits")
    return raw << bits if largest else raw


def same_padding(size: Pair, kernel: Pair, strides: Pair) -> Zeros:
    """The zeros of TensorFlow's padding `SAME`.

    >>> same_padding((16, 15), (3, 3), (2, 2))
    ((0, 1), (1, 1))
    """
    rows, columns = map(same_zeros, size, kernel, strides)
    return rows, columns


def _windows(x: Integers, kernel: Pair, strides: Pair, padding: Zeros = NO_ZEROS) -> Integers:
    """Views [batch, rows out, columns out, channels, kernel rows, kernel columns]."""
    x = pad(x, padding)
    view: Integers = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(1, 2))  # type: ignore[call-overload]
    return view[:, :: strides[0], :: strides[1]]


def _check_width(x: Integers, weight_sums: Integers) -> None:
    largest = max(abs(int(x.min(initial=0))), abs(int(x.max(initial=0))))
    if largest * int(weight_sums.max(initial=0)) >= 2**62:
        raise OverflowError("a sum of products needs more than 63 bits")
