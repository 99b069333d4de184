"""Signed digits: as few as any sum of signed powers of two has, and the nearest number of few of them."""

from __future__ import annotations

import doctest
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
import qkeras

from models.quantization import signed_digits
from models.quantization.signed_digits import MOST, levels, nearest


def sums(bits: int, digits: int) -> set[int]:
    """All numbers of the type that are a sum of at most so many signed powers of two."""
    found = {0}
    for number in range(1, digits + 1):
        for powers in combinations(range(bits + 1), number):
            for signs in product((-1, 1), repeat=number):
                found.add(sum(sign * 2**power for sign, power in zip(signs, powers, strict=True)))
    return {each for each in found if -(2 ** (bits - 1)) <= each < 2 ** (bits - 1)}


def even(number: int) -> int:
    """How often it can be halved."""
    return 99 if number == 0 else (number & -number).bit_length()


def test_doctests() -> None:
    assert doctest.testmod(signed_digits).failed == 0


@pytest.mark.parametrize("bits", [2, 3, 5, 8])
@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_levels_are_all_short_sums(bits: int, digits: int) -> None:
    assert levels(bits, digits).tolist() == sorted(sums(bits, digits))


def test_sixteen_bits_have_eight_digits_at_most() -> None:
    assert levels(16, MOST).size == 2**16
    assert levels(16, MOST - 1).size < 2**16


def test_digits_do_not_depend_on_the_place_of_the_point(rng: np.random.Generator) -> None:
    numbers = rng.integers(-(2**15), 2**15, 200)
    expected = signed_digits.signed_digits(numbers)
    for power in (-60, -7, 30):
        np.testing.assert_array_equal(signed_digits.signed_digits(np.ldexp(numbers, power)), expected)
    np.testing.assert_array_equal(signed_digits.signed_digits(-numbers), expected)


@pytest.mark.parametrize(("bits", "integer"), [(2, 0), (4, 0), (6, 0), (6, 2), (8, 3)])
@pytest.mark.parametrize("digits", [1, 2, 3])
def test_nearest_of_all(bits: int, integer: int, digits: int) -> None:
    """Quarters of a step, and numbers far beyond the range: the nearest; of two the one that is more even."""
    step = Fraction(2) ** (integer + 1 - bits)
    ends = 2**bits
    values = [Fraction(n, 4) * step for n in range(-4 * ends, 4 * ends + 1)] + [Fraction(10**6), Fraction(-(10**6))]
    known = sorted(sums(bits, digits))
    expected = [float(min(known, key=lambda each: (abs(each * step - value), -even(each))) * step) for value in values]
    found = nearest(np.array([float(value) for value in values], np.float32), bits, integer, digits).numpy()
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


def test_a_hair_beside_the_middle(rng: np.random.Generator) -> None:
    """The float32 on each side of a tie go to different numbers."""
    known = levels(6, 2)
    middle = ((known[1:] + known[:-1]) / 64).astype(np.float32)
    below, above = np.nextafter(middle, np.float32(-9)), np.nextafter(middle, np.float32(9))
    np.testing.assert_array_equal(nearest(below, 6, 0, 2).numpy(), known[:-1] / 32)
    np.testing.assert_array_equal(nearest(above, 6, 0, 2).numpy(), known[1:] / 32)


@pytest.mark.parametrize(("bits", "integer"), [(2, 0), (6, 0), (9, 3), (16, 0), (16, 14)])
def test_with_all_digits_it_is_the_plain_quantizer(rng: np.random.Generator, bits: int, integer: int) -> None:
    ties = rng.integers(-(2 ** (bits + 1)), 2 ** (bits + 1), 2000) * 2.0 ** (integer - bits)
    values = np.concatenate([ties, rng.normal(0, 2**integer, 2000)]).astype(np.float32)
    plain = qkeras.quantized_bits(bits, integer, alpha=1)
    plain.use_ste = False
    np.testing.assert_array_equal(nearest(values, bits, integer, MOST).numpy(), plain(values).numpy())
