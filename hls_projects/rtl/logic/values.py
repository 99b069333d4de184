"""Traced values: numbers, bits and arrays of them, and what every piece of logic does with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.trace.fixed_variable import FVariable, HWConfig

Tensor = npt.NDArray[Any]
"""Object array of `FVariable`."""

ADDERS = HWConfig(1, -1, -1)
"""Costs and delays count adders: one delay a level, whatever its width."""


def variable(value: Any) -> Any:
    """A number as a traced value."""
    return value if isinstance(value, FVariable) else FVariable.from_const(float(value), hwconf=ADDERS)


def fresh(low: float, high: float, step: float) -> Any:
    """A value that comes from elsewhere, of which its interval is known."""
    return FVariable(low, high, step, hwconf=ADDERS, latency=0.0)


def objects(values: Sequence[Any]) -> Tensor:
    """Traced values as an array."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def tree(values: Sequence[Any], combine: Callable[[Any, Any], Any]) -> Any:
    """Combine values pairwise, those that are ready first."""
    left = sorted(values, key=lambda value: value.latency)
    while len(left) > 1:
        pairs = [combine(a, b) for a, b in zip(left[0::2], left[1::2], strict=False)]
        left = sorted(pairs + left[len(pairs) * 2 :], key=lambda value: value.latency)
    return left[0]


def larger(a: Any, b: Any) -> Any:
    """The larger of two values.

    The compiler selects by the first bit of their difference. Where two values have terms in common it may know that
    the difference is never negative, and that bit is then no sign (alkaid 0.8.2, also in `min_of`).
    """
    a, b = variable(a), variable(b)
    difference = a - b
    if difference.low >= 0:
        return a
    return b if difference.high <= 0 else a.max_of(b)


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two values; see `larger`."""
    a, b = variable(a), variable(b)
    difference = a - b
    if difference.high <= 0:
        return a
    return b if difference.low >= 0 else a.min_of(b)


def either(bits: Sequence[Any]) -> Any:
    """Bitwise or; zero of none."""
    moving = [bit for bit in map(variable, bits) if not bit.low == bit.high == 0]
    return tree(moving, lambda a, b: a | b) if moving else variable(0.0)


def gated(bit: Any, value: Any) -> Any:
    """The value where the bit is high, else zero."""
    bit, value = variable(bit), variable(value)
    if bit.low == bit.high:
        return value if bit.low else variable(0.0)
    return value if value.low == value.high == 0 else bit.msb_mux(value, 0.0)


def chosen(bit: Any, value: Any, other: Any) -> Any:
    """The value where the bit is high, else the other."""
    bit, value, other = variable(bit), variable(value), variable(other)
    if bit.low == bit.high:
        return value if bit.low else other
    if value.low == value.high == other.low == other.high:
        return value
    return bit.msb_mux(value, other)


def picked(bits: Sequence[Any], values: Sequence[Any]) -> Any:
    """The value of the number that bits give, the lowest bit first; any value where there are fewer."""
    left = list(values)
    for one in bits:
        pairs = [left[i : i + 2] for i in range(0, len(left), 2)]
        left = [chosen(one, pair[1], pair[0]) if len(pair) == 2 else pair[0] for pair in pairs]
    return left[0]


def both(a: Any, b: Any) -> Any:
    """Whether two bits are high."""
    return gated(a, b)


def inverted(bit: Any) -> Any:
    """A bit that is high where this one is low."""
    bit = variable(bit)
    return variable(1.0 - bit.low) if bit.low == bit.high else ~bit


def equal(a: Any, b: Any) -> Any:
    """Whether two unsigned integers are equal."""
    return inverted((variable(a) ^ variable(b)).unary_bit_op("any"))


def field(value: Any, low: int, width: int) -> Any:
    """Some bits of an unsigned integer, as one."""
    value = variable(value)
    if width <= 0:
        return variable(0.0)
    return value.quantize(0, low + width, -low) * 2.0**-low


def bit(value: Any, position: int) -> Any:
    """One bit of an unsigned integer."""
    return field(value, position, 1)
