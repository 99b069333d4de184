"""Rolling about the jet axis: a rotation in space, undone and redone, that keeps the mass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import vector
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.steps.roll import roll, roll_in_plane

Jet = npt.NDArray[np.float32]


def momenta(jet: Jet) -> npt.NDArray[np.float64]:
    """px, py, pz [3, constituents]; the jet axis is x."""
    pt, eta, phi = jet.astype(np.float64)
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])


def turned(jet: Jet, angle: float) -> Jet:
    """The jet rotated in space about its axis, by scikit-hep vector."""
    px, py, pz = momenta(jet)
    rotated = vector.array({"px": px, "py": py, "pz": pz}).rotateX(angle)
    return np.stack([rotated.pt, rotated.eta, rotated.phi]).astype(np.float32)


def tensor(jet: Jet) -> npt.NDArray[np.float64]:
    """T = Σ p⊥ p⊥ᵀ / |p| in (py, pz)."""
    p = momenta(jet)
    return (p[1:] / np.linalg.norm(p, axis=0)) @ p[1:].T


def rolled(jet: Jet) -> Jet:
    copy = jet.copy()
    roll(*copy)
    return copy


@given(st.integers(0, 10**6), st.integers(1, 60))
@settings(max_examples=300)
def test_mass_and_momentum_along_the_axis_are_kept(
    make_jet: Callable[..., Jet], mass: Callable[[Jet], float], seed: int, size: int
) -> None:
    jet = make_jet(seed, size)
    after = rolled(jet)
    np.testing.assert_allclose(mass(after), mass(jet), rtol=1e-5, atol=1e-4)
    before_p, after_p = momenta(jet), momenta(after)
    scale = np.linalg.norm(before_p, axis=0)
    np.testing.assert_allclose(after_p[0] / scale, before_p[0] / scale, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(after_p, axis=0), scale, rtol=1e-6)


@given(st.integers(0, 10**6), st.integers(2, 60))
@settings(max_examples=300)
def test_the_principal_axis_is_along_eta(make_jet: Callable[..., Jet], seed: int, size: int) -> None:
    after = tensor(rolled(make_jet(seed, size)))
    assert abs(after[0, 1]) < 1e-5 * np.trace(after)
    assert after[1, 1] >= after[0, 0]


@given(st.integers(0, 10**6), st.integers(2, 60), st.floats(-np.pi, np.pi))
@settings(max_examples=300)
def test_the_turn_of_the_jet_is_forgotten(make_jet: Callable[..., Jet], seed: int, size: int, angle: float) -> None:
    jet = make_jet(seed, size)
    low, high = np.linalg.eigvalsh(tensor(jet))
    if (high - low) / (high + low) < 0.01:
        return  # the axis of an almost round jet is not well defined
    one, other = momenta(rolled(jet)), momenta(rolled(turned(jet, angle)))
    if (one[1:] * other[1:]).sum() < 0:
        other[1:] *= -1  # an axis has no direction
    # the angle of the axis is known to float32 over the relative difference of the eigenvalues
    np.testing.assert_allclose(other, one, atol=2e-4 * np.linalg.norm(one, axis=0).max())


@given(st.integers(0, 10**6), st.integers(2, 60))
@settings(max_examples=100)
def test_rolling_twice_is_rolling_once(make_jet: Callable[..., Jet], seed: int, size: int) -> None:
    once = rolled(make_jet(seed, size))
    low, high = np.linalg.eigvalsh(tensor(once))
    if (high - low) / (high + low) < 0.01:
        return
    np.testing.assert_allclose(momenta(rolled(once)), momenta(once), atol=2e-4 * momenta(once)[0].max())


def test_two_prongs_come_to_lie_along_eta() -> None:
    jet = np.float32([[100, 100], [0, 0], [0.3, -0.3]])
    roll(*jet)
    # pz = ±100 sin 0.3 and px = 100 cos 0.3: pT = 95.534, η = asinh(0.29552/0.95534)
    np.testing.assert_allclose(jet[0], [95.5336, 95.5336], rtol=1e-6)
    np.testing.assert_allclose(np.abs(jet[1]), [0.304602, 0.304602], rtol=1e-5)
    np.testing.assert_allclose(jet[2], [0, 0], atol=1e-6)
    assert jet[1, 0] == -jet[1, 1]


@pytest.mark.parametrize(
    "jet",
    [
        [[100], [0], [0]],
        [[0, 0], [0, 0], [0, 0]],
        [[10, 10, 10, 10], [0.0, 0.0, 0.2, -0.2], [0.2, -0.2, 0.0, 0.0]],
    ],
    ids=["on the axis", "null momenta", "a cross"],
)
def test_a_jet_without_principal_axis_stays(jet: list[list[float]]) -> None:
    before = np.float32(jet)
    if before.shape[1] == 4:
        # a cross of equal momenta is round only if its arms are equal in momentum, not in η and φ
        before[0, 2:] = 10 * np.cos(0.2)
        before[1, 2:] = np.arcsinh(np.tan(0.2)) * np.float32([1, -1])
    after = before.copy()
    roll(*after)
    np.testing.assert_allclose(after, before, atol=2e-6)


def plane_rolled(jet: Jet) -> Jet:
    copy = jet.copy()
    roll_in_plane(*copy)
    return copy


@given(st.integers(0, 10**6), st.integers(2, 60), st.floats(-np.pi, np.pi))
@settings(max_examples=200)
def test_the_naive_rotation_forgets_turns_in_the_plane(
    make_jet: Callable[..., Jet], seed: int, size: int, angle: float
) -> None:
    jet = make_jet(seed, size)
    low, high = np.linalg.eigvalsh(np.cov(jet[1:].astype(np.float64), aweights=jet[0], ddof=0) + _mean_square(jet))
    if (high - low) / (high + low) < 0.01:
        return
    rotated = jet.copy()
    rotated[1:] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ jet[1:]
    one, other = plane_rolled(jet), plane_rolled(rotated)
    assert (one[0] * one[1] * one[2]).sum() < 1e-4 * (one[0] * one[1] ** 2).sum()
    assert (one[0] * one[1] ** 2).sum() >= (one[0] * one[2] ** 2).sum()
    sign = np.sign((one[0] * (one[1] * other[1] + one[2] * other[2])).sum())
    np.testing.assert_allclose(other[1:] * sign, one[1:], atol=2e-4)
    np.testing.assert_array_equal(one[0], jet[0])
    np.testing.assert_allclose(np.hypot(*one[1:]), np.hypot(*jet[1:]), atol=1e-6)


def _mean_square(jet: Jet) -> npt.NDArray[np.float64]:
    mean = np.average(jet[1:].astype(np.float64), axis=1, weights=jet[0])
    return np.outer(mean, mean)


def test_the_naive_rotation_changes_the_mass_and_the_right_one_does_not(mass: Callable[[Jet], float]) -> None:
    # two prongs along φ: cosh 2·0.7 is not cos 2·0.7
    jet = np.float32([[100, 100], [0, 0], [0.7, -0.7]])
    assert mass(jet) == pytest.approx(100 * np.sqrt(2 * (1 - np.cos(1.4))), rel=1e-5)
    assert mass(plane_rolled(jet)) == pytest.approx(100 * np.sqrt(2 * (np.cosh(1.4) - 1)), rel=1e-5)
    assert mass(rolled(jet)) == pytest.approx(mass(jet), rel=1e-5)


def test_in_the_limit_of_small_angles_both_rotations_agree(make_jet: Callable[..., Jet]) -> None:
    jet = make_jet(5, 30)
    jet[1:] *= np.float32(0.01)
    one, other = plane_rolled(jet), rolled(jet)
    np.testing.assert_allclose(other[1:] * np.sign((one[1] * other[1]).sum()), one[1:], atol=2e-6)
