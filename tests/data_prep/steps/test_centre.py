"""Centring: a Lorentz transformation that puts the jet axis at the origin."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import vector
from hypothesis import given
from hypothesis import strategies as st

from data_prep.steps.centre import Centre, centre

AXIS = np.float32(Centre().parameters)


@given(st.floats(-2.5, 2.5), st.floats(-3.1, 3.1), st.integers(0, 1000))
def test_it_is_a_boost_along_the_beam_and_a_rotation(jet_eta: float, jet_phi: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pt, eta, phi = rng.exponential(20, 10), jet_eta + rng.uniform(-1, 1, 10), jet_phi + rng.uniform(-1, 1, 10)
    ours_eta, ours_phi = eta.astype(np.float32), phi.astype(np.float32)
    centre(AXIS, np.ones(10, np.float32), ours_eta, ours_phi, np.float32(jet_eta), np.float32(jet_phi))
    parts = vector.array({"pt": pt, "eta": eta, "phi": phi, "mass": np.zeros(10)})
    moved = parts.boostZ(beta=-np.tanh(jet_eta)).rotateZ(-jet_phi)
    np.testing.assert_allclose(moved.pt, pt, rtol=1e-9)
    # float32 angles of size up to 4 carry 2.4e-7
    np.testing.assert_allclose(ours_eta, moved.eta, atol=1e-6)
    np.testing.assert_allclose(ours_phi, moved.phi, atol=1e-6)


def test_phi_is_wrapped() -> None:
    eta, phi = np.zeros(4, np.float32), np.float32([3.1, -3.1, 0.0, 3.1])
    centre(AXIS, np.ones(4, np.float32), eta, phi, np.float32(0), np.float32(-3.1))
    # 3.1 - (-3.1) = 6.2 is 6.2 - 2π = -0.0832
    np.testing.assert_allclose(phi, [-0.083185, 0.0, 3.1, -0.083185], atol=1e-6)


@pytest.mark.parametrize("jet_eta", [0.0, 1.9])
def test_the_mass_is_kept(jet_eta: float, make_jet: Callable[..., np.ndarray], mass: Callable[..., float]) -> None:
    for seed in range(50):
        jet = make_jet(seed, 30)
        jet[1] += np.float32(jet_eta)
        before = mass(jet)
        centre(AXIS, *jet, np.float32(jet_eta), np.float32(3.0))
        np.testing.assert_allclose(mass(jet), before, rtol=1e-5)
