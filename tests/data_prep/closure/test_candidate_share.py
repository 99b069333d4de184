"""The share of pT and mass that candidates keep: against four-vector sums, and a jet that two candidates hold whole."""

from __future__ import annotations

import numpy as np
import pytest
import vector

from data_prep.closure.candidate_share import CandidateShares, pt_and_mass
from data_prep.jets.candidates import CandidateSettings, candidates_of
from tests.data_prep.jets.test_candidates import chunk


def test_sum_and_mass_are_those_of_the_massless_four_vectors(rng: np.random.Generator) -> None:
    jets = [
        [(float(pt), *rng.uniform(-0.5, 0.5, 2)) for pt in sorted(rng.exponential(20, 12) + 0.5, reverse=True)]
        for _ in range(20)
    ]
    settings = CandidateSettings(number=12)
    candidates = candidates_of(chunk(jets), settings)
    pt, mass = pt_and_mass(candidates, 5, settings)
    unit = np.pi / 720
    momenta = {
        "pt": candidates.pt[:, :5] * 0.25,
        "eta": candidates.eta[:, :5] * unit,
        "phi": candidates.phi[:, :5] * unit,
    }
    px, py, pz, energy = np.zeros((4, 20))
    for i in range(5):
        momentum = vector.array({name: values[:, i] for name, values in momenta.items()} | {"mass": np.zeros(20)})
        px, py, pz, energy = px + momentum.px, py + momentum.py, pz + momentum.pz, energy + momentum.E
    np.testing.assert_allclose(pt, momenta["pt"].sum(axis=1))
    # float32 angles and sums
    np.testing.assert_allclose(mass, np.sqrt(energy**2 - px**2 - py**2 - pz**2), rtol=1e-4)


def test_all_candidates_hold_all_and_few_hold_less() -> None:
    """Steps and units are fine enough here that rounding changes nothing: 1 of 4 equal constituents holds a quarter."""
    angles = ((100, 0), (-100, 0), (0, 100), (0, -100))
    jet = [(8.0, eta * np.pi / 720, phi * np.pi / 720) for eta, phi in angles]
    settings = CandidateSettings(number=4)
    jets = chunk([jet, jet])
    shares = CandidateShares(["q", "t"], [1, 2, 4])
    shares.add(jets, np.array([0, 1]), candidates_of(jets, settings), settings)
    result = shares.result()
    assert [round(result[n]["pt"]["q"].mean, 6) for n in (1, 2, 4)] == [0.25, 0.5, 1.0]
    assert result[1]["mass"]["q"].mean < 0.001
    assert abs(result[4]["mass"]["q"].mean - 1) < 1e-5
    assert abs(result[4]["mass"]["q"].median - 1) <= 0.001
    assert "t" not in result[1]["pt"]
    assert shares.as_json()["2"]["pt"]["q"]["mean"] == result[2]["pt"]["q"].mean


def test_only_the_given_jets_count_and_by_their_weight() -> None:
    jets = chunk([[(8, 0, 0), (8, 0.1, 0)], [(8, 0, 0)], [(1, 0, 0), (7, 0, 0)]])
    jets.weight[:] = [3, 1, 100]
    settings = CandidateSettings(number=2)
    shares = CandidateShares(["q"], [1])
    shares.add(jets, np.array([0, 1]), candidates_of(jets, settings), settings)
    share = shares.result()[1]["pt"]["q"]
    assert share.mean == (3 * 0.5 + 1 * 1.0) / 4
    # the middle of a step of 0.001
    assert (share.low, share.median, share.high) == pytest.approx((0.5, 0.5, 1.0), abs=0.00051)
