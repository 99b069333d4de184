"""The separation of two exclusive kT subjets, against FastJet."""

from __future__ import annotations

import fastjet
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.jets.subjets import subjet_separation

Jet = npt.NDArray[np.float32]


def random_jet(seed: int, size: int) -> Jet:
    """Transverse momentum, η and φ of constituents; φ may go over the edge."""
    rng = np.random.default_rng(seed)
    pt, radius, turn = rng.exponential(20, size) + 0.01, rng.uniform(0, 0.8, size), rng.uniform(0, 2 * np.pi, size)
    eta, phi = rng.uniform(-3, 3) + radius * np.cos(turn), rng.uniform(-np.pi, np.pi) + radius * np.sin(turn)
    return np.stack([pt, eta, (phi + np.pi) % (2 * np.pi) - np.pi]).astype(np.float32)


def separation(*jets: Jet) -> list[float]:
    offsets = np.cumsum([0, *(jet.shape[1] for jet in jets)])
    return subjet_separation(offsets, *np.concatenate(jets, axis=1), np.ones(len(jets), np.bool_)).tolist()


@given(st.integers(0, 10**6), st.integers(2, 90))
@settings(max_examples=100)
def test_it_is_that_of_fastjet(seed: int, size: int) -> None:
    jet = random_jet(seed, size)
    pt, eta, phi = jet.astype(np.float64)
    momenta = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], axis=1)
    pseudojets = [fastjet.PseudoJet(*map(float, momentum)) for momentum in momenta]
    # at this radius no constituent is nearer to the beam than to another one
    sequence = fastjet._swig.ClusterSequence(pseudojets, fastjet.JetDefinition(fastjet.kt_algorithm, 100.0))
    first, second = sequence.exclusive_jets(2)
    assert separation(jet)[0] == pytest.approx(first.delta_R(second), abs=1e-6)


def test_two_constituents_are_the_subjets_also_across_the_edge_of_phi() -> None:
    assert separation(np.float32([[5, 3], [0.1, 0.4], [3.1, 3.1 + 0.4 - 2 * np.pi]])) == [pytest.approx(0.5, rel=1e-6)]


def test_no_one_and_empty_constituents_have_no_separation() -> None:
    no_constituents, single, two_lines = (
        np.zeros((3, 0), np.float32),
        np.float32([[5], [1], [1]]),
        np.float32([[5, 0], [1, 2], [1, 2]]),
    )
    assert separation(no_constituents, single, two_lines) == [0, 0, 0]


def test_jets_that_are_not_wanted_may_hold_anything() -> None:
    jet = np.float32([[np.nan, 1, 5, 3], [0, np.inf, 0.1, 0.4], [0, 0, 0, 0.4]])
    got = subjet_separation(np.array([0, 2, 4]), *jet, np.array([False, True]))
    np.testing.assert_allclose(got, [0, 0.5], rtol=1e-6)
