"""Rounding and saturation as logic: one traced value into a fixed-point type.

Two forms give the same integers. The compiler's own compares with the largest and smallest value and selects. Ours
looks at the bits above the result: a value fits where they all are copies of its sign, which needs no subtraction.
"""

from __future__ import annotations

from typing import Any, Literal

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType

Form = Literal["compare", "bits"]

ROUNDINGS = ("TRN", "RND", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_SYM")


def quantize(value: Any, kind: FixedType, form: Form) -> Any:
    """Cast a traced value, with the type's rounding and overflow.

    Args:
        value: an `FVariable` of the compiler.
        kind: the type; `data_prep.fixed_point.FixedType.cast` says what the result must be.
        form: how saturation is built.

    Raises:
        UnsupportedModelError: for a rounding or overflow mode that no lowered model has.
    """
    if kind.rounding not in ROUNDINGS or kind.overflow not in OVERFLOWS:
        raise UnsupportedModelError(
            f"the type {kind} rounds or overflows in a way that the RTL does not have",
            remedy=f"use the modes {', '.join(ROUNDINGS)} and {', '.join(OVERFLOWS)}",
        )
    sign, integer, fraction = int(kind.signed), kind.integer - int(kind.signed), kind.fraction
    if form == "compare" or kind.overflow != "SAT":
        return value.quantize(sign, integer, fraction, kind.overflow, kind.rounding)
    own_sign, own_integer, _ = (int(part) for part in value.kif)
    # One more integer bit, into which rounding up may carry; at least one bit where the step is coarser than the value.
    rounded = value.quantize(own_sign, max(own_integer + 1, 1 - fraction), fraction, "WRAP", kind.rounding)
    return _saturate(rounded, kind)


def _saturate(value: Any, kind: FixedType) -> Any:
    """Clip a value that lies on the type's grid."""
    smallest, largest = kind.minimum, kind.maximum
    if value.low >= smallest and value.high <= largest:
        return value
    if value.high <= smallest or value.low >= largest:
        return value.from_const(smallest if value.high <= smallest else largest, hwconf=value.hwconf)
    sign, integer = int(kind.signed), kind.integer - int(kind.signed)
    own_integer = int(value.kif[1])
    inside = value.quantize(sign, integer, kind.fraction)
    above = value.quantize(0, own_integer, -integer)
    positive = inside if value.high <= largest else above.unary_bit_op("any").msb_mux(largest, inside)
    if value.low >= 0:
        return positive
    negative = inside
    if value.low < smallest:
        # A value on a grid coarser than the whole range is below it as soon as it is negative.
        fits = kind.signed and value.step <= 2.0**integer
        negative = above.unary_bit_op("all").msb_mux(inside, smallest) if fits else smallest
    return value.is_negative().msb_mux(negative, positive, (smallest, largest, kind.step))
