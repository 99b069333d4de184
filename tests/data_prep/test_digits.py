"""Numbers with their errors: the examples of the Particle Data Group, and edges."""

from __future__ import annotations

import doctest
import math

import pytest

from data_prep import digits
from data_prep.digits import between, with_error


def test_the_examples() -> None:
    assert doctest.testmod(digits).failed == 0


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        # Introduction of the Review of Particle Physics, section 5.3: 0.827 ± 0.119, 0.827 ± 0.367
        (0.827, 0.119, "0.83 ± 0.12"),
        (0.827, 0.367, "0.8 ± 0.4"),
        (0.827, 0.0952, "0.83 ± 0.10"),
        (1_234.0, 56.0, "1,230 ± 60"),
        (-0.0015, 0.0017, "−0.0015 ± 0.0017"),
        (-0.00001, 0.0017, "0.0000 ± 0.0017"),
        (0.8717, 0.0, "0.8717"),
        (0.8717, None, "0.8717"),
        (0.8717, math.nan, "0.8717"),
        (None, None, "–"),
    ],
)
def test_digits_follow_the_error(value: float | None, error: float | None, shown: str) -> None:
    assert str(with_error(value, error)) == shown


def test_an_interval_at_an_edge_has_two_sides() -> None:
    assert str(between(1.0, 0.986, 1.0)) == "1.000<sup>+0.000</sup><sub>−0.014</sub>"
    assert str(between(0.0, 0.0, 0.31)) == "0.00<sup>+0.31</sup><sub>−0.00</sub>"
    assert str(between(0.5, 0.5, 0.5)) == "0.500"
