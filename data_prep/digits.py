"""Numbers rounded according to their errors."""

from __future__ import annotations

import math

from markupsafe import Markup

_SYMMETRY = 0.75
"""Smallest ratio of the two errors of an interval for which one symmetric error is written."""


def digits_of(error: float) -> int:
    """Decimal places of a number with some error, by the rule of the Particle Data Group (Introduction, section 5.3).

    Of the three highest digits of the error: 100 to 354, two are kept; 355 to 949, one; from 950 on it counts as 1000,
    of which two are kept.

    >>> [digits_of(error) for error in (0.827, 0.119, 0.367, 0.0017, 0.0097, 12.0, 367.0)]
    [1, 2, 1, 4, 3, 0, -2]
    """
    power = math.floor(math.log10(error))
    leading = round(error / 10**power * 100)
    if leading >= 950:
        return -power
    return -power + (1 if leading < 355 else 0)


def number(value: float, places: int) -> str:
    """A number with some decimal places; for negative places it is rounded before the point.

    >>> number(0.6666, 2), number(1234.0, -1), number(-0.0015, 4)
    ('0.67', '1,230', '−0.0015')
    """
    text = f"{round(value, places):,.{max(places, 0)}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def with_error(value: float | None, error: float | None, default_places: int = 4) -> Markup:
    """A number and its error, rounded according to the error; without an error with `default_places` decimal places.

    >>> str(with_error(0.88123, 0.00171)), str(with_error(29.62, 0.72)), str(with_error(None, 0.1))
    ('0.8812 ± 0.0017', '29.6 ± 0.7', '–')
    """
    if value is None:
        return Markup("–")
    if error is None or not 0 < error < math.inf:
        return Markup(number(value, default_places))  # noqa: S704 - digits
    places = digits_of(error)
    return Markup(f"{number(value, places)} ± {number(error, places)}")  # noqa: S704 - digits


def between(value: float, low: float, high: float) -> Markup:
    """A number with its confidence interval: one error where both are nearly equal, else an upper and a lower one.

    >>> str(between(0.5, 0.45, 0.55)), str(between(1.0, 0.9741, 1.0)), str(between(0.2, 0.19, 0.212))
    ('0.50 ± 0.05', '1.000<sup>+0.000</sup><sub>−0.026</sub>', '0.200 ± 0.011')
    """
    up, down = max(high - value, 0.0), max(value - low, 0.0)
    widest, smallest = max(up, down), min(up, down)
    if smallest > widest * _SYMMETRY:
        return with_error(value, (up + down) / 2)
    if not widest > 0:
        return Markup(number(value, 3))  # noqa: S704 - digits
    places = digits_of(smallest if smallest > widest / 3 else widest)
    sides = f"<sup>+{number(up, places)}</sup><sub>−{number(down, places)}</sub>"
    return Markup(f"{number(value, places)}{sides}")  # noqa: S704 - digits
