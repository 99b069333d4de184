"""Numbers of few signed digits, which are cheap to multiply with: a constant costs an adder for each of its digits.

A signed digit is a power of two with its sign: 7 = 8 - 1 has two. Of all sums of signed powers of two that make a
number the non-adjacent form (canonical signed digit) is one of the shortest: G. W. Reitwiesner, Binary arithmetic,
Advances in Computers 1 (1960) 231.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

MOST = 8
"""Signed digits of a number of 16 bits at most."""
_MANTISSA = 53


def signed_digits(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The signed digits of numbers in float32 or float64, those behind the point included.

    The digits that are not 0 in the non-adjacent form of n stand where 3n and n differ.

    >>> signed_digits([0, 0.5, 7, -11, 0.34375]).tolist()
    [0, 1, 2, 3, 3]
    """
    fraction, _ = np.frexp(np.asarray(values, np.float64))
    whole = np.ldexp(np.abs(fraction), _MANTISSA).astype(np.int64)
    bits = np.unpackbits((whole ^ (3 * whole))[..., None].view(np.uint8), axis=-1)
    return np.asarray(bits.sum(axis=-1), np.int64)


@cache
def levels(bits: int, digits: int) -> npt.NDArray[np.int64]:
    """The integers of so many bits, the sign included, with at most so many signed digits, ascending.

    >>> levels(4, 1).tolist()
    [-8, -4, -2, -1, 0, 1, 2, 4]
    """
    every = np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1))
    return every[signed_digits(every) <= digits]


@cache
def edges(bits: int, digits: int) -> npt.NDArray[np.float32]:
    """Between two levels the largest float32 that is rounded to the lower one.

    What lies in the middle goes to the level that is divisible by the larger power of two; it never has more digits.
    Where all integers are levels that is rounding half to even.

    >>> edges(4, 1).tolist()[-3:]
    [0.5, 1.4999998807907104, 2.999999761581421]
    """
    low, high = levels(bits, digits)[:-1], levels(bits, digits)[1:]
    middle = ((low + high) / 2).astype(np.float32)
    up = _two_power(high) > _two_power(low)
    return np.where(up, np.nextafter(middle, np.float32(-np.inf)), middle)


def nearest(values: Any, bits: int, integer: int, digits: int) -> Any:
    """Values rounded to the nearest number of a type that has at most so many signed digits; saturates at both ends.

    Args:
        values: float32 tensor of any shape.
        bits: of the type, the sign included.
        integer: those before the point, without the sign.
        digits: signed digits at most; with `MOST` it is `quantized_bits(bits, integer, alpha=1)`.

    >>> nearest([0.34375, -0.71875, 5.0], 6, 0, 2).numpy().tolist()
    [0.375, -0.75, 0.96875]
    """
    import tensorflow as tf

    values, step = tf.convert_to_tensor(values), 2.0 ** (integer + 1 - bits)
    if digits == 0:
        return tf.zeros_like(values)
    known = (levels(bits, digits) * step).astype(np.float32)
    index = tf.searchsorted(edges(bits, digits), tf.reshape(values / step, [-1]))
    return tf.reshape(tf.gather(known, index), tf.shape(values))


def _two_power(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The largest power of two that divides each; of 0 more than any other."""
    return np.where(numbers == 0, np.iinfo(np.int64).max, numbers & -numbers)
