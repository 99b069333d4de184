"""Jet masses against the sum over pairs and against four-vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import vector
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.jets.mass import lecture_notes_mass, massless_mass


def pair_mass(pt: npt.ArrayLike, eta: npt.ArrayLike, phi: npt.ArrayLike) -> float:
    """m² = 2 Σ_{i<j} pT_i pT_j (cosh Δη - cos Δφ), term by term in float64."""
    pt, eta, phi = (np.asarray(values, np.float64) for values in (pt, eta, phi))
    i, j = np.triu_indices(pt.size, 1)
    terms = pt[i] * pt[j] * (np.cosh(eta[i] - eta[j]) - np.cos(phi[i] - phi[j]))
    return float(np.sqrt(2 * terms.sum()))


def random_jet(rng: np.random.Generator, size: int) -> npt.NDArray[np.float32]:
    pt, radius, turn = rng.exponential(20, size), rng.uniform(0, 0.8, size), rng.uniform(0, 2 * np.pi, size)
    eta, phi = rng.uniform(-2, 2) + radius * np.cos(turn), rng.uniform(-np.pi, np.pi) + radius * np.sin(turn)
    return np.stack([pt, eta, (phi + np.pi) % (2 * np.pi) - np.pi]).astype(np.float32)


def mass_of(jet: npt.NDArray[np.float32], axis: tuple[float, float]) -> float:
    offsets = np.array([0, jet.shape[1]])
    return float(massless_mass(offsets, *jet, np.float32([axis[0]]), np.float32([axis[1]]))[0])


@given(st.integers(2, 80), st.integers(0, 2**32 - 1))
@settings(max_examples=200)
def test_it_is_the_sum_over_pairs_and_the_four_vector_mass(size: int, seed: int) -> None:
    jet = random_jet(np.random.default_rng(seed), size)
    pt, eta, phi = jet.astype(np.float64)
    total = vector.array({"pt": pt, "eta": eta, "phi": phi, "mass": np.zeros(size)}).sum()
    pairs = pair_mass(pt, eta, phi)
    np.testing.assert_allclose(pairs, total.mass, rtol=1e-6)
    # float32 arithmetic on float32 angles
    np.testing.assert_allclose(mass_of(jet, (total.eta, total.phi)), pairs, rtol=3e-6)


def test_the_axis_does_not_matter(rng: np.random.Generator) -> None:
    jet = random_jet(rng, 40)
    masses = [mass_of(jet, (jet[1].mean() + d, jet[2, 0] + d)) for d in (0, 0.3, -0.5)]
    np.testing.assert_allclose(masses, pair_mass(*jet), rtol=1e-5)


def test_narrow_jets_keep_their_precision() -> None:
    # two massless particles of 500 GeV, 0.002 apart at the edge of φ: m = pT ΔR to 4e-7
    phi = np.float32([np.pi, np.pi + 0.002 - 2 * np.pi])
    jet = np.stack([np.float32([500, 500]), np.float32([0, 0]), phi])
    np.testing.assert_allclose(mass_of(jet, (0, np.pi)), 1.0, rtol=2e-4)


def test_no_and_one_constituent_have_no_mass() -> None:
    offsets = np.array([0, 0, 1])
    single = np.float32([100]), np.float32([1.2]), np.float32([0.3])
    axis = np.float32([0, 1.2]), np.float32([0, 0.3])
    assert massless_mass(offsets, *single, *axis).tolist() == [0, 0]


@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=100)
def test_the_lecture_notes_formula_is_the_one_that_is_stated(size: int, seed: int) -> None:
    jet = random_jet(np.random.default_rng(seed), size)
    pt, eta, phi = jet.astype(np.float64)
    i, j = np.triu_indices(size, 1)
    momenta = vector.array({"pt": np.ones(size), "eta": eta, "phi": phi})
    unit = np.stack([momenta.px, momenta.py, momenta.pz], axis=1) / momenta.p[:, np.newaxis]
    cosine = (unit[i] * unit[j]).sum(axis=1)
    terms = pt[i] * pt[j] / (np.cosh(eta[i]) * np.cosh(eta[j])) * (1 - cosine)
    axis = np.float32([eta.mean()]), np.float32([phi[0]])
    got = lecture_notes_mass(np.array([0, size]), *jet, *axis)[0]
    # 1 - cos θ of float64 is good to 1e-16 of θ² / 2
    np.testing.assert_allclose(got, np.sqrt(terms.sum()), rtol=1e-5)
