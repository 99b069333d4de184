"""Momenta against scikit-hep vector."""

from __future__ import annotations

import numpy as np
import vector

from data_prep.jets.kinematics import cartesian, detector_coordinates, invariant_mass, jet_momenta


def test_detector_coordinates_are_those_of_vector(rng: np.random.Generator) -> None:
    px, py, pz = (rng.normal(size=(3, 100_000)) * np.exp(rng.uniform(-5, 7, 100_000))).astype(np.float32)
    pt, eta, phi = detector_coordinates(px, py, pz)
    expected = vector.array(
        {name: part.astype(np.float64) for name, part in zip(("px", "py", "pz"), (px, py, pz), strict=True)}
    )
    # float32: a few units in the last place
    np.testing.assert_allclose(pt, expected.pt, rtol=3e-7)
    np.testing.assert_allclose(eta, expected.eta, rtol=6e-7, atol=1e-7)
    np.testing.assert_allclose(phi, expected.phi, rtol=6e-7, atol=1e-7)


def test_momenta_without_direction() -> None:
    px, py = np.zeros((2, 4), np.float32)
    pt, eta, phi = detector_coordinates(px, py, np.array([0, 5, -5, np.nan], np.float32))
    np.testing.assert_array_equal(pt, np.zeros(4))
    np.testing.assert_array_equal(eta, [0, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(phi, np.zeros(4))


def test_jet_sums_and_masses_are_those_of_vector(rng: np.random.Generator) -> None:
    sizes = rng.integers(0, 60, 500)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    px, py, pz = rng.normal(100, 30, (3, offsets[-1])).astype(np.float32)
    energy = np.sqrt(px**2 + py**2 + pz**2 + np.float32(0.02))
    sums = jet_momenta(offsets, px, py, pz, energy)
    names = ("px", "py", "pz", "E")
    columns = (px, py, pz, energy)
    parts = vector.array({name: column.astype(np.float64) for name, column in zip(names, columns, strict=True)})
    for jet in range(0, 500, 7):
        expected = parts[offsets[jet] : offsets[jet + 1]].sum()
        np.testing.assert_allclose(sums[jet], [expected.px, expected.py, expected.pz, expected.E], rtol=1e-12)
        np.testing.assert_allclose(invariant_mass(sums)[jet], expected.mass, rtol=1e-6, atol=1e-3)


def test_the_mass_of_what_cannot_be_is_zero() -> None:
    assert invariant_mass(np.array([[3.0, 4.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])).tolist() == [0, 0]


def test_cartesian_momenta_are_those_of_vector() -> None:
    rng = np.random.default_rng(8)
    pt, eta, phi, mass = (
        rng.uniform(low, high, 2000).astype(np.float32) for low, high in ((0.01, 900), (-5, 5), (-7, 7), (0, 5))
    )
    expected = vector.array({"pt": pt.astype(float), "eta": eta, "phi": phi, "mass": mass})
    components = cartesian(pt, eta, phi, mass)
    for values, name in zip(components, ("px", "py", "pz", "E"), strict=True):
        np.testing.assert_allclose(values, getattr(expected, name), rtol=2e-6, atol=2e-4)
