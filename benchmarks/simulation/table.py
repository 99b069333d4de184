"""Rows of the table: what is compared with what, and how far apart both are."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot


@dataclass(frozen=True)
class Check:
    """A row of the table.

    Attributes:
        quantity: what is compared.
        ours: with its statistical error.
        outside: the value from elsewhere, with its error and its source.
        difference: of both, with the errors of both in quadrature.
    """

    quantity: str
    ours: str
    outside: str
    difference: str


def compared(
    quantity: str, ours: tuple[float, float], outside: tuple[float, float], source: str, digits: int = 2, unit: str = ""
) -> Check:
    """A row from two values with errors.

    Args:
        quantity: what is compared.
        ours: value and statistical error.
        outside: value and error; an error that rounds to 0 is not printed.
        source: of the outside value.
        digits: behind the point.
        unit: of both, with a blank before it.

    >>> compared("x", (1.0, 0.03), (1.1, 0.04), "someone", unit=" mb").difference
    '-0.10 ± 0.05 mb'
    """

    def text(value: float, error: float, sign: str = "") -> str:
        return f"{value:{sign}.{digits}f}" + (f" ± {error:.{digits}f}" if round(error, digits) else "") + unit

    gap = ours[0] - outside[0], hypot(ours[1], outside[1])
    return Check(quantity, text(*ours), f"{text(*outside)} ({source})", text(*gap, "+"))


def share(number: float, of: float) -> tuple[float, float]:
    """A share and its binomial error."""
    value = number / of
    return value, (value * (1 - value) / of) ** 0.5
