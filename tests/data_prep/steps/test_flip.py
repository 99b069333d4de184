"""Flipping: parity, with sign(0) = 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.steps.flip import flip

Jet = npt.NDArray[np.float32]


def flipped(jet: Jet) -> Jet:
    copy = jet.copy()
    flip(*copy)
    return copy


@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_mirror_images_become_equal(
    make_jet: Callable[..., Jet], mass: Callable[[Jet], float], seed: int, size: int, up: int, right: int
) -> None:
    jet = make_jet(seed, size)
    mirrored = jet * np.float32([[1], [up], [right]])
    once = flipped(jet)
    np.testing.assert_array_equal(flipped(mirrored), once)
    np.testing.assert_array_equal(flipped(once), once)
    np.testing.assert_allclose(mass(once), mass(jet), rtol=1e-6, atol=1e-4)
    assert (once[0].astype(np.float64) * np.sign(once[1])).sum() >= 0
    assert (once[0].astype(np.float64) * np.sign(once[2])).sum() >= 0


def test_constituents_on_the_axis_do_not_vote() -> None:
    # 100 GeV exactly on the axis and 1 GeV at η > 0: counting zero as negative would turn it over
    jet = np.float32([[100, 1], [0, 0.3], [0, 0.2]])
    np.testing.assert_array_equal(flipped(jet), jet)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_equal_halves_stay(zero: float) -> None:
    jet = np.float32([[5, 5, 80], [0.3, -0.3, zero], [0.1, -0.1, zero]])
    np.testing.assert_array_equal(flipped(jet), jet)
