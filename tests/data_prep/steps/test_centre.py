"""Centring: a Lorentz transformation that puts the jet axis at the origin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastjet
import numpy as np
import numpy.typing as npt
import pytest
import vector
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.mock import mock_jets
from data_prep.steps.centre import Centre, centre, leading_subjet

Jet = npt.NDArray[np.float32]

AXIS = np.float32(Centre().parameters)
CENTROID = Centre(on="centroid")
CONSTITUENT = Centre(on="leading_constituent")
SUBJET = Centre(on="leading_subjet", radius=0.2)
EVERY = [Centre(), CENTROID, CONSTITUENT, SUBJET]


def centred(step: Centre, jet: Jet, axis: tuple[float, float] = (0.0, 0.0)) -> Jet:
    copy = jet.copy()
    centre(np.float32(step.parameters), *copy, np.float32(axis[0]), np.float32(axis[1]))
    return copy


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


@pytest.mark.parametrize("step", EVERY, ids=lambda step: step.on)
@given(st.integers(0, 10**6), st.integers(1, 60), st.floats(-2.5, 2.5), st.floats(-3.1, 3.1))
def test_where_the_jet_was_is_forgotten_and_its_mass_kept(
    make_jet: Callable[..., Jet],
    mass: Callable[[Jet], float],
    step: Centre,
    seed: int,
    size: int,
    eta: float,
    phi: float,
) -> None:
    jet = make_jet(seed, size)
    pt, old_eta, old_phi = jet.astype(np.float64)
    parts = vector.array({"pt": pt, "eta": old_eta, "phi": old_phi, "mass": np.zeros(size)})
    moved = parts.boostZ(beta=np.tanh(eta)).rotateZ(phi)
    elsewhere = np.stack([moved.pt, moved.eta, moved.phi]).astype(np.float32)
    here = centred(step, jet)
    # float32 angles of size up to 4 carry 2.4e-7 each, twice
    np.testing.assert_allclose(centred(step, elsewhere, (eta, phi)), here, rtol=1e-5, atol=2e-6)
    np.testing.assert_array_equal(here[0], jet[0])
    np.testing.assert_allclose(mass(here), mass(jet), rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(centred(step, here), here, atol=1e-6)


def test_the_centroid_is_the_weighted_mean(make_jet: Callable[..., Jet]) -> None:
    jet = make_jet(1, 40)
    jet[1:] += np.float32([[0.2], [-0.1]])
    after = centred(CENTROID, jet)
    expected = jet[1:] - np.average(jet[1:].astype(np.float64), axis=1, weights=jet[0])[:, np.newaxis]
    np.testing.assert_allclose(after[1:], expected, atol=1e-6)


def test_of_equally_hard_constituents_the_first_leads() -> None:
    jet = np.float32([[1, 7, 7], [0.1, 0.2, 0.3], [-0.1, -0.2, -0.3]])
    np.testing.assert_allclose(centred(CONSTITUENT, jet)[1:], [[-0.1, 0, 0.1], [0.1, 0, -0.1]], atol=1e-7)


@pytest.mark.parametrize("step", [*EVERY, Centre(keep="energy")], ids=str)
def test_null_momenta_and_single_constituents_are_no_fault(step: Centre) -> None:
    null = np.zeros((3, 4), np.float32)
    np.testing.assert_array_equal(centred(step, null), null)
    one = np.float32([[5], [0.3], [0.2]])
    expected = one if step.on == "jet_axis" else np.float32([[5], [0], [0]])
    np.testing.assert_allclose(centred(step, one), expected, atol=1e-7)


@pytest.mark.parametrize("on", ["jet_axis", "centroid", "leading_constituent"])
@given(st.integers(0, 10**6), st.floats(-2.5, 2.5))
def test_the_naive_translation_keeps_energies_and_not_the_mass(
    make_jet: Callable[..., Jet], mass: Callable[[Jet], float], on: Any, seed: int, eta: float
) -> None:
    jet = make_jet(seed, 30)
    jet[1] += np.float32(eta)
    naive, right = (centred(Centre(on=on, keep=keep), jet, (eta, 0)) for keep in ("energy", "pt"))  # type: ignore[arg-type]
    energies = (each[0].astype(np.float64) * np.cosh(each[1].astype(np.float64)) for each in (naive, jet))
    np.testing.assert_allclose(*energies, rtol=2e-6)
    np.testing.assert_array_equal(naive[1:], right[1:])
    if abs(eta) > 1:
        assert mass(naive) > 1.15 * mass(jet)  # by about cosh η


def subjets(jet: Jet, algorithm: Any, radius: float) -> tuple[float, float]:
    """η and φ of the hardest inclusive subjet by fastjet, in the pT scheme."""
    pt, eta, phi = jet.astype(np.float64)
    parts = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], axis=1)
    definition = fastjet.JetDefinition(algorithm, radius, fastjet.BIpt_scheme)
    cluster = fastjet.ClusterSequence([fastjet.PseudoJet(*map(float, part)) for part in parts], definition)
    hardest = max(cluster.inclusive_jets(), key=lambda found: found.pt())
    return hardest.rap(), hardest.phi_std()


@pytest.mark.parametrize(
    "algorithm", [fastjet.antikt_algorithm, fastjet.cambridge_algorithm, fastjet.kt_algorithm], ids=["-1", "0", "1"]
)
@given(st.integers(0, 10**6))
def test_the_leading_subjet_of_separate_prongs_is_fastjets(algorithm: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = rng.uniform(0, 2 * np.pi) + 2 * np.pi / 3 * np.arange(3)
    prong = rng.integers(0, 3, 40)
    spread, way = rng.uniform(0, 0.08, 40), rng.uniform(0, 2 * np.pi, 40)
    eta = 0.4 * np.cos(turn)[prong] + spread * np.cos(way)
    phi = 0.4 * np.sin(turn)[prong] + spread * np.sin(way)
    jet = np.stack([rng.exponential(20, 40) + 0.1, eta, phi]).astype(np.float32)
    np.testing.assert_allclose(leading_subjet(*jet, np.float32(0.04)), subjets(jet, algorithm, 0.2), atol=1e-6)


def test_the_leading_subjet_of_top_jets_is_mostly_that_of_anti_kt() -> None:
    branches = mock_jets("t", 150, seed=3)
    away = []
    for index in range(150):
        x, y, z = (branches[f"part_p{axis}"][index].to_numpy().astype(np.float64) for axis in "xyz")
        pt = np.hypot(x, y)
        phi = np.angle(np.exp(1j * (np.arctan2(y, x) - branches["jet_phi"][index])))
        jet = np.stack([pt, np.arcsinh(z / pt) - branches["jet_eta"][index], phi]).astype(np.float32)
        expected = subjets(jet, fastjet.antikt_algorithm, 0.2)
        away.append(np.hypot(*np.subtract(leading_subjet(*jet, np.float32(0.04)), expected)))
    # on simulated jets 98.0 to 99.8 % by class lie within R, 88 to 98 % within R / 10
    assert np.mean(np.array(away) < 0.2) > 0.95
    assert np.mean(np.array(away) < 0.02) > 0.75


def test_a_hard_constituent_alone_loses_to_a_crowd() -> None:
    jet = np.float32([[10, 4, 4, 4], [0.5, -0.5, -0.45, -0.4], [0, 0, 0, 0]])
    np.testing.assert_allclose(leading_subjet(*jet, np.float32(0.04)), [-0.45, 0], atol=1e-6)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_leading_subjet_ends_whatever_it_is_given(odd: float, place: int) -> None:
    jet = np.array([[50, 30, 20], [0.1, 0.2, 1.0], [0.3, 0.2, -1.0]], np.float32)
    jet[place, 0] = odd
    leading_subjet(*jet, np.float32(0.04))  # what it gives has no meaning
