"""The compiled soft drop against FastJet's contrib."""

from __future__ import annotations

import awkward as ak
import fastjet
import numpy as np
import numpy.typing as npt
import pytest

from data_prep.observables.soft_drop import soft_drop_mass

Floats = npt.NDArray[np.float64]


def random_jets(rng: np.random.Generator, jets: int) -> tuple[list[Floats], npt.NDArray[np.int64]]:
    """Jets of 1 to 80 massive constituents around random axes, φ across the seam at ±π included."""
    sizes = rng.integers(1, 81, jets)
    sizes[:3] = 1, 2, 3
    total = int(sizes.sum())
    axis_eta, axis_phi = np.repeat(rng.uniform(-2, 2, jets), sizes), np.repeat(rng.uniform(-np.pi, np.pi, jets), sizes)
    eta, phi = axis_eta + rng.normal(0, 0.3, total), axis_phi + rng.normal(0, 0.3, total)
    pt = rng.exponential(10.0, total) ** 1.5
    mass = rng.choice([0.0, 0.13957], total)
    pz = pt * np.sinh(eta)
    return [pt * np.cos(phi), pt * np.sin(phi), pz, np.sqrt(pt**2 + pz**2 + mass**2)], sizes


@pytest.mark.parametrize(("beta", "z_cut"), [(0.0, 0.1), (0.0, 0.3), (1.0, 0.1), (2.0, 0.2)])
def test_equals_fastjet(rng: np.random.Generator, beta: float, z_cut: float) -> None:
    momenta, sizes = random_jets(rng, 300)
    mass = soft_drop_mass(*momenta, np.concatenate([[0], np.cumsum(sizes)]), beta, z_cut, 0.8)
    array = ak.unflatten(ak.zip(dict(zip(("px", "py", "pz", "E"), momenta, strict=True))), sizes)
    whole_jet = fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0)
    groomed = fastjet.ClusterSequence(array, whole_jet).exclusive_jets_softdrop_grooming(
        1, beta=beta, symmetry_cut=z_cut, R0=0.8
    )
    expected = np.maximum(ak.to_numpy(groomed.msoftdrop), 0.0)
    # Floating-point sums in another order; below 10 MeV the mass is a difference of equal numbers.
    np.testing.assert_allclose(mass, expected, rtol=1e-9, atol=1e-2)
    assert (mass > 1).sum() > 100


def test_two_prongs_are_kept_or_dropped_by_their_momentum_sharing() -> None:
    """Two massless prongs: m² = 2 pT1 pT2 (cosh Δη − cos Δφ); a prong with less than z_cut is dropped."""
    phi = 0.5
    for soft, expected in ((100.0, np.sqrt(2 * 400 * 100 * (1 - np.cos(phi)))), (40.0, 0.0)):
        px, py = np.array([400.0, soft * np.cos(phi)]), np.array([0.0, soft * np.sin(phi)])
        energy = np.array([400.0, soft])
        mass = soft_drop_mass(px, py, np.zeros(2), energy, np.array([0, 2]), 0.0, 0.1, 0.8)
        np.testing.assert_allclose(mass, [expected], atol=1e-4)


def test_no_jets() -> None:
    nothing = np.zeros(0)
    assert soft_drop_mass(nothing, nothing, nothing, nothing, np.zeros(1, dtype=np.int64), 0.0, 0.1, 0.8).shape == (0,)
