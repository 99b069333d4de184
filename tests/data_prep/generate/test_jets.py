"""Clustering, selection and N-subjettiness on candidates put there by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.generate.detector import ParticleFlowCandidates
from data_prep.generate.jets import find_jets, n_subjettiness
from data_prep.generate.processes import LIGHT_QUARK
from data_prep.generate.settings import JetSettings, SoftDropSettings
from data_prep.generate.truth import Origins

WINDOW = JetSettings(pt=(500.0, 1000.0), eta_max=2.0)
SOFT_DROP = SoftDropSettings()


def candidates(event: list[int], pt: list[float], eta: list[float], phi: list[float]) -> ParticleFlowCandidates:
    p, y, f = (np.array(values, dtype=np.float64) for values in (pt, eta, phi))
    zero = np.zeros(len(p))
    columns = dict.fromkeys(ParticleFlowCandidates.__dataclass_fields__, zero)
    columns |= {"px": p * np.cos(f), "py": p * np.sin(f), "pz": p * np.sinh(y), "energy": p * np.cosh(y)}
    columns |= {"event": np.array(event, dtype=np.int64), "charge": np.arange(len(p), dtype=np.float64)}
    return ParticleFlowCandidates(**columns)


def quarks(*events: list[tuple[float, float]]) -> Origins:
    """Up to two quarks an event at (η, φ)."""
    shape = (len(events), 2)
    pid, eta, phi = np.zeros(shape, dtype=np.int64), np.full(shape, np.nan), np.full(shape, np.nan)
    for row, event in enumerate(events):
        for column, (y, f) in enumerate(event):
            pid[row, column], eta[row, column], phi[row, column] = 1, y, f
    prong_eta, prong_phi = (np.stack([a, np.full(shape, np.nan), np.full(shape, np.nan)], axis=2) for a in (eta, phi))
    return Origins(pid, np.full(pid.shape, 500.0), eta, phi, prong_eta, prong_phi)


def test_both_leading_jets_with_constituents_by_falling_pt() -> None:
    particles = candidates(
        [0, 0, 0, 0, 0], [200, 450, 300, 400, 30], [0.0, 0.1, 1.0, 1.1, -1.5], [0.0, 0.1, 3.0, -3.1, 1.5]
    )
    jets = find_jets(particles, 1, quarks([(0.0, 0.0), (1.0, 3.0)]), LIGHT_QUARK, WINDOW, SOFT_DROP)
    np.testing.assert_array_equal(jets.event, [0, 0])
    np.testing.assert_array_equal(jets.pid, [1, 1])
    np.testing.assert_array_equal(jets.offsets, [0, 2, 4])
    # The charge column carries each candidate's place in the input.
    np.testing.assert_array_equal(jets.constituents.charge, [3, 2, 1, 0])
    np.testing.assert_allclose(jets.energy[1], 450 * np.cosh(0.1) + 200)


@pytest.mark.parametrize(
    ("pt", "eta", "kept"),
    [(499.0, 0.0, False), (500.5, 0.0, True), (999.0, 0.0, True), (1001.0, 0.0, False), (600.0, 2.05, False)],
)
def test_window(pt: float, eta: float, kept: bool) -> None:
    jets = find_jets(candidates([0], [pt], [eta], [0.0]), 1, quarks([(eta, 0.0)]), LIGHT_QUARK, WINDOW, SOFT_DROP)
    assert len(jets.event) == kept


def test_only_the_two_leading_jets_count() -> None:
    particles = candidates([0, 0, 0], [900, 800, 600], [0.0, 0.0, 0.0], [0.0, 2.0, -2.0])
    jets = find_jets(particles, 1, quarks([(0.0, -2.0)]), LIGHT_QUARK, WINDOW, SOFT_DROP)
    assert len(jets.event) == 0


def test_events_without_jets_or_candidates() -> None:
    particles = candidates([1, 3], [20, 700], [0.0, 0.5], [0.0, 1.0])
    jets = find_jets(particles, 5, quarks([], [], [], [(0.5, 1.0)], []), LIGHT_QUARK, WINDOW, SOFT_DROP)
    np.testing.assert_array_equal(jets.event, [3])
    none = find_jets(candidates([], [], [], []), 3, quarks([], [], []), LIGHT_QUARK, WINDOW, SOFT_DROP)
    assert len(none.event) == 0
    assert none.tau.shape == (0, 4)
    np.testing.assert_array_equal(none.offsets, [0])


def tau_at(axes: npt.NDArray[np.float64], pt: npt.NDArray[np.float64], points: npt.NDArray[np.float64]) -> float:
    """τ_N = Σ pT min ΔR / (Σ pT R) for given axes (arXiv:1011.2268, eq. 1)."""
    distance = np.linalg.norm(points[:, None] - axes[None], axis=2).min(axis=1)
    return float((pt * distance).sum() / (pt.sum() * 0.8))


def test_n_subjettiness_of_separated_prongs(rng: np.random.Generator) -> None:
    """Three narrow prongs: τ1 and τ2 are large, τ3 is that of the prongs' own axes, minimal to a per cent."""
    centres = np.array([[0.4, 0.0], [-0.3, 0.3], [-0.2, -0.4]])
    points = np.concatenate([centre + rng.normal(0, 0.02, (20, 2)) for centre in centres])
    pt = rng.uniform(5, 15, 60)
    jet = candidates([0] * 60, list(pt), list(points[:, 0]), list(points[:, 1]))
    tau = n_subjettiness(jet, np.array([60]), 0.8)[0]
    weight = [np.average(points[i : i + 20], axis=0, weights=pt[i : i + 20]) for i in (0, 20, 40)]
    assert tau[2] == pytest.approx(tau_at(np.array(weight), pt, points), rel=0.03)
    assert tau[0] > tau[1] > 5 * tau[2] > 5 * tau[3] > 0


def test_few_constituents_leave_nothing_for_more_axes() -> None:
    jet = candidates([0, 0, 0], [300, 100, 400], [0.0, 0.3, 0.0], [0.0, 0.0, 0.0])
    tau = n_subjettiness(jet, np.array([2, 1]), 0.8)
    assert tau[0, 0] > 0
    np.testing.assert_allclose(tau[0, 1:], 0, atol=1e-9)
    np.testing.assert_allclose(tau[1], 0, atol=1e-9)
