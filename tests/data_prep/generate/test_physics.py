"""What comes out is what the particles are: masses, substructure and multiplicity, at small statistics.

Without the underlying event, which costs five times the rest; the modes with it are in docs/physics.md.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from data_prep.generate.jets import SimulatedJets
from data_prep.generate.production import Shard, make_jets
from data_prep.generate.settings import GenerateSettings

pytestmark = pytest.mark.slow  # the samples, which all tests share, take half a minute

NUMBER = 600


@cache
def sample(name: str) -> SimulatedJets:
    settings = GenerateSettings.model_validate(
        {
            "classes": [name],
            "jets_per_class": NUMBER,
            "multiparton_interactions": False,
            "seed": 3,
            "pt_hat": [450, 1200],
            "pt_hat_power": 5.5,
        }
    )
    return make_jets(settings, Shard(name, 0, NUMBER), lambda _: None)[0]


def mode(mass: np.ndarray) -> float:
    """The maximum of a Gaussian kernel estimate of 4 GeV width, above 40 GeV."""
    grid = np.arange(40.0, 250.0, 0.1)
    density = np.exp(-0.5 * ((grid[:, None] - mass[None]) / 4.0) ** 2).sum(axis=1)
    return float(grid[np.argmax(density)])


@pytest.mark.parametrize(
    ("name", "mass", "lost"), [("w", 80.4, 0.03), ("z", 91.2, 0.03), ("t", 172.5, 0.04), ("h", 125.0, 0.06)]
)
def test_soft_drop_mass_peaks_at_the_particles_mass(name: str, mass: float, lost: float) -> None:
    """PDG masses, less what cells lose whose energy is not significant; nothing is calibrated.

    For H→bb also the neutrinos of semileptonic b decays, which take 2 to 3 % of the mass with them. The statistics of
    the maximum are 1 %.
    """
    assert 1 - lost - 0.015 < mode(sample(name).soft_drop_mass) / mass < 1.015


def test_gluons_make_more_constituents_than_quarks() -> None:
    """The ratio tends to C_A/C_F = 9/4 at infinite energy; at 500 GeV it is about 1.5 (arXiv:1405.6583)."""
    quark, gluon = (float(np.diff(sample(name).offsets).mean()) for name in ("q", "g"))
    assert 1.2 < gluon / quark < 2.25


def test_quark_and_gluon_jets_have_no_mass_peak() -> None:
    """Their soft-drop mass falls from a few GeV; a W jet lies there only if one quark has less than z_cut of its pT."""
    low = {name: float((sample(name).soft_drop_mass < 40).mean()) for name in ("q", "g", "w")}
    assert low["q"] > 0.5
    assert low["g"] > 0.35
    assert low["w"] < 0.25


@pytest.mark.parametrize(("n", "signal", "background"), [(2, "w", "q"), (3, "t", "q")])
def test_prongs_show_in_n_subjettiness(n: int, signal: str, background: str) -> None:
    """τ_n/τ_(n−1) is lower for n-pronged jets (arXiv:1011.2268)."""
    ratio = [np.median(sample(name).tau[:, n - 1] / sample(name).tau[:, n - 2]) for name in (signal, background)]
    assert ratio[0] < ratio[1] - 0.1


def test_jets_lie_in_the_window_and_come_from_the_right_particle() -> None:
    for name, pids in (("q", {1, 2, 3}), ("g", {21}), ("w", {24}), ("z", {23}), ("h", {25}), ("t", {6})):
        jets = sample(name)
        pt = np.hypot(jets.px, jets.py)
        assert set(jets.pid.tolist()) <= pids
        assert pt.min() >= 500
        assert pt.max() < 1000
        assert np.abs(np.arcsinh(jets.pz / pt)).max() < 2


def test_b_jets_have_displaced_tracks() -> None:
    """B hadrons fly millimetres at these momenta: H→bb jets have significant impact parameters, light quarks hardly."""

    def displaced(name: str) -> float:
        of = sample(name).constituents
        tracks = of.charge != 0
        return float((np.abs(of.d0[tracks]) > 5 * of.d0_error[tracks]).mean())

    assert displaced("h") > 3 * displaced("q")
