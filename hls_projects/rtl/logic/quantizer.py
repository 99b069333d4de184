"""Rounding and saturation as logic: one traced value into a fixed-point type.

Two forms give the same integers. The compiler's own compares with the largest and smallest value and selects. Ours
looks at the bits above the result: a value fits where they all are copies of its sign, which needs no subtraction.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.rtl.logic.values import larger, smaller

Form = Literal["compare", "bits"]

ROUNDINGS = ("TRN", "RND", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_SYM")


def quantize(value: Any, target: FixedType, form: Form) -> Any:
    """Cast a traced value, with the type's rounding and overflow.

    Args:
        value: an `FVariable` of the compiler.
        target: the type; `data_prep.fixed_point.FixedType.cast` says what the result must be.
        form: how saturation is built.

    Raises:
        UnsupportedModelError: for a rounding or overflow mode that no lowered model has.
    """
    if target.rounding not in ROUNDINGS or target.overflow not in OVERFLOWS:
        raise UnsupportedModelError(
            f"the type {target} rounds or overflows in a way that the RTL does not support",
            remedy=f"use the modes {', '.join(ROUNDINGS)} and {', '.join(OVERFLOWS)}",
        )
    if value.low == value.high:
        return _constant(value, target)
    sign, integer, fraction = int(target.signed), target.integer - int(target.signed), target.fraction
    if target.overflow == "WRAP":
        return _bits(_rounded(value, target), sign, integer, fraction)
    if form == "bits" and target.overflow == "SAT":
        return _saturate(_rounded(value, target), target)
    inside = (
        _truncated(value, target.fraction + int(target.rounding != "TRN")) if target.rounding != "RND_CONV" else value
    )
    clipped = smaller(larger(inside, target.minimum), target.maximum)
    if clipped.low == clipped.high:
        return _constant(clipped, target)
    return _bits(_rounded(clipped, target), sign, integer, fraction)


def _constant(value: Any, target: FixedType) -> Any:
    """A value that does not change is cast here, not in logic."""
    number = math.fmod(value.low, 2.0**target.integer) if target.overflow == "WRAP" else float(value.low)
    return value.from_const(float(target.to_float(target.quantize(number))), hwconf=value.hwconf)


def _bits(value: Any, sign: int, integer: int, fraction: int) -> Any:
    """Some bits of a value as a number; of a constant they are read here, the compiler takes others in corners."""
    if value.low != value.high or sign + integer + fraction <= 0:
        return value.quantize(sign, integer, fraction)
    raw, span = math.floor(math.ldexp(value.low, fraction)), 1 << (sign + integer + fraction)
    least = -(span >> 1) if sign else 0
    return value.from_const(math.ldexp((raw - least) % span + least, -fraction), hwconf=value.hwconf)


def _truncated(value: Any, fraction: int) -> Any:
    """The largest number of so many fraction bits that is not above the value."""
    sign, integer, own = (int(part) for part in value.kif)
    # At least one bit is left where the step is coarser than all values.
    return value if own <= fraction else _bits(value, sign, max(integer, 1 - fraction), fraction)


def _rounded(value: Any, target: FixedType) -> Any:
    """A value on the grid of the type, as wide as it needs.

    Ties to even: half a step is added and the bits below the step are dropped; where all of these are 0 it was a tie,
    and the last bit that is left becomes 0. Which bits those are is read off the sum: its grid may be coarser than that
    of the value (all of x/2 + 1/4 are ties at steps of 1/2).
    """
    fraction = target.fraction
    if int(value.kif[2]) <= fraction or target.rounding == "TRN":
        return _truncated(value, fraction)
    raised = value + 2.0 ** (-fraction - 1)
    upper = _truncated(raised, fraction)
    if target.rounding == "RND":
        return upper
    even = _truncated(upper, fraction - 1)
    below = int(raised.kif[2])
    if below <= fraction:
        return even
    last = _bits(upper, 0, 1 - fraction, fraction)
    no_tie = _bits(raised, 0, -fraction, below).unary_bit_op("any") * 2.0**-fraction
    return (no_tie & last) + even


def _saturate(value: Any, target: FixedType) -> Any:
    """Clip a value that lies on the type's grid."""
    smallest, largest = target.minimum, target.maximum
    if value.low >= smallest and value.high <= largest:
        return value
    if value.high <= smallest or value.low >= largest:
        return value.from_const(smallest if value.high <= smallest else largest, hwconf=value.hwconf)
    sign, integer = int(target.signed), target.integer - int(target.signed)
    own_integer = int(value.kif[1])
    inside = _bits(value, sign, integer, target.fraction)
    above = _bits(value, 0, own_integer, -integer)
    positive = inside if value.high <= largest else above.unary_bit_op("any").msb_mux(largest, inside)
    if value.low >= 0:
        return positive
    negative = inside
    if value.low < smallest:
        # A value on a grid coarser than the whole range is below it as soon as it is negative.
        fits = target.signed and value.step <= 2.0**integer
        negative = above.unary_bit_op("all").msb_mux(inside, smallest) if fits else smallest
    return value.is_negative().msb_mux(negative, positive, (smallest, largest, target.step))
