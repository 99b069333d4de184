"""The norms: what becomes 1, exactness of powers of two, several channels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data_prep.steps.normalise import L1, L2, POWER_OF_TWO, normalise, normalise_channels

Pixels = npt.NDArray[np.float32]

PIXELS = arrays(np.float32, st.integers(1, 60), elements=st.floats(2**-20, 2**20, width=32))


def normalised(norm: int, value: Pixels) -> tuple[Pixels, np.float32]:
    copy = value.copy()
    return copy, normalise(norm, copy)


def test_l1_makes_the_sum_one() -> None:
    value, total = normalised(L1, np.float32([1, 2, 5]))
    assert total == 8
    np.testing.assert_array_equal(value, np.float32([0.125, 0.25, 0.625]))


def test_l2_makes_the_length_one() -> None:
    value, total = normalised(L2, np.float32([3, 4]))
    assert total == 5
    np.testing.assert_allclose(value, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize(
    ("total", "power"),
    [
        (1, 1),
        (1.99, 1),
        (2, 2),
        (3, 2),
        (1023.75, 512),
        (1024, 1024),
        (0.75, 0.5),
        (2**-20, 2**-20),
        (2**-149, 2**-149),
    ],
)
def test_powers_of_two(total: float, power: float) -> None:
    assert normalised(POWER_OF_TWO, np.float32([total]))[1] == power


@given(PIXELS)
def test_a_power_of_two_loses_nothing(value: Pixels) -> None:
    scaled, power = normalised(POWER_OF_TWO, value)
    assert np.log2(power) == np.rint(np.log2(power))
    np.testing.assert_array_equal(scaled * power, value)
    assert scaled.sum(dtype=np.float64) * (1 + 1e-5) >= 1
    assert scaled.sum(dtype=np.float64) < 2 * (1 + 1e-5)


@given(PIXELS, st.sampled_from([L1, L2]))
def test_norms_become_one_and_do_it_once(value: Pixels, norm: int) -> None:
    scaled, total = normalised(norm, value)
    order = 1 if norm == L1 else 2
    np.testing.assert_allclose(total, np.linalg.norm(value.astype(np.float64), order), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(scaled.astype(np.float64), order), 1, rtol=1e-5)
    np.testing.assert_allclose(normalised(norm, scaled)[0], scaled, rtol=1e-5)


def test_l2_of_pixels_whose_squares_are_out_of_range() -> None:
    value, total = normalised(L2, np.float32([3e30, 4e30]))
    np.testing.assert_allclose(total, 5e30, rtol=1e-6)
    np.testing.assert_allclose(value, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("norm", [L1, L2, POWER_OF_TWO])
def test_all_channels_of_pt_are_divided_by_the_norm_of_some(norm: int) -> None:
    # channels: charged, pt, multiplicity
    value, pixel = np.float32([2, 8, 3, 8, 5]), np.uint16([0, 1, 2, 4, 5])
    counts, scaled = np.array([False, True, False]), np.array([True, True, False])
    expected = normalised(norm, np.float32([8, 8]))[1]
    assert normalise_channels(norm, value, pixel, counts, scaled) == expected
    np.testing.assert_array_equal(value, np.float32([2 / expected, 8 / expected, 3, 8 / expected, 5]))


def test_without_pt_in_the_norm_nothing_is_divided() -> None:
    value = np.float32([3])
    assert normalise_channels(L1, value, np.uint16([1]), np.array([True, False]), np.array([True, False])) == 0
    assert value.tolist() == [3]
