"""The arithmetic of plain layers on raw integers, exact: the meaning that every implementation must have.

All arrays are int64; images are [batch, rows, columns, channels]. Sums are checked beforehand against 63 bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Pair = tuple[int, int]


def conv2d(x: Integers, kernel: Integers, strides: Pair, padding: str) -> Integers:
    """Two-dimensional convolution (correlation, as Keras has it), without bias.

    Args:
        x: [batch, rows, columns, in].
        kernel: [rows, columns, in, out].
        strides: steps along rows and columns.
        padding: `valid` or `same`, with TensorFlow's distribution of zeros.

    Raises:
        OverflowError: when a sum could need more than 63 bits.
    """
    windows = _windows(x, (kernel.shape[0], kernel.shape[1]), strides, padding)
    _check_width(x, np.abs(kernel).sum(axis=(0, 1, 2)))
    return np.asarray(np.einsum("bijcrs,rsco->bijo", windows, kernel, optimize=True))


def depthwise_conv2d(x: Integers, kernel: Integers, strides: Pair, padding: str) -> Integers:
    """Depthwise convolution of multiplier 1; kernel [rows, columns, channels, 1]. See `conv2d`."""
    windows = _windows(x, (kernel.shape[0], kernel.shape[1]), strides, padding)
    _check_width(x, np.abs(kernel).sum(axis=(0, 1)))
    return np.asarray(np.einsum("bijcrs,rsc->bijc", windows, kernel[..., 0], optimize=True))


def dense(x: Integers, kernel: Integers) -> Integers:
    """Matrix product [batch, in] · [in, out]."""
    _check_width(x, np.abs(kernel).sum(axis=0))
    return x @ kernel


def max_pool(x: Integers, pool: Pair, strides: Pair) -> Integers:
    """Maximum over windows inside the image."""
    result: Integers = _windows(x, pool, strides, "valid").max(axis=(-2, -1))
    return result


def sum_pool(x: Integers, pool: Pair, strides: Pair) -> Integers:
    """Sum over windows inside the image; the average is this with log2(rows · columns) more fraction bits."""
    result: Integers = _windows(x, pool, strides, "valid").sum(axis=(-2, -1))
    return result


def upsample(x: Integers, size: Pair) -> Integers:
    """Nearest-neighbour upsampling: every pixel `size` times along rows and columns."""
    return x.repeat(size[0], axis=1).repeat(size[1], axis=2)


def _windows(x: Integers, kernel: Pair, strides: Pair, padding: str) -> Integers:
    """Views [batch, rows out, columns out, channels, kernel rows, kernel columns]."""
    if padding == "same":
        around = [_same(size, k, s) for size, k, s in zip(x.shape[1:3], kernel, strides, strict=True)]
        x = np.pad(x, [(0, 0), *around, (0, 0)])
    view: Integers = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(1, 2))  # type: ignore[call-overload]
    return view[:, :: strides[0], :: strides[1]]


def _same(size: int, kernel: int, stride: int) -> Pair:
    """Zeros before and after, as TensorFlow's `SAME`."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _check_width(x: Integers, weight_sums: Integers) -> None:
    largest = max(abs(int(x.min(initial=0))), abs(int(x.max(initial=0))))
    if largest * int(weight_sums.max(initial=0)) >= 2**62:
        raise OverflowError("a sum of products needs more than 63 bits")
