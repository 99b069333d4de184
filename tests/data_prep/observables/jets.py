"""Seeded jets for the tests of observables, and the same jets as FastJet takes them."""

from __future__ import annotations

from typing import Any

import awkward as ak
import fastjet
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def random_jets(rng: np.random.Generator, jets: int) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """Offsets, pT, η, φ and energy of jets of 1 to 80 massive constituents in a few prongs, φ over the seam too."""
    sizes = rng.integers(1, 81, jets)
    sizes[:5] = 1, 2, 3, 4, 5
    total = int(sizes.sum())
    axis_eta, axis_phi = np.repeat(rng.uniform(-2, 2, jets), sizes), np.repeat(rng.uniform(-np.pi, np.pi, jets), sizes)
    prong = np.repeat(rng.normal(0, 0.3, (jets, 3, 2)), sizes, axis=0)[np.arange(total), rng.integers(0, 3, total)]
    eta = axis_eta + prong[:, 0] + rng.normal(0, 0.05, total)
    phi = axis_phi + prong[:, 1] + rng.normal(0, 0.05, total)
    pt, mass = rng.exponential(10.0, total) ** 1.5 + 0.1, rng.choice([0.0, 0.13957], total)
    phi = (phi + np.pi) % (2 * np.pi) - np.pi
    return np.append(0, np.cumsum(sizes)), pt, eta, phi, np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)


def cluster(offsets: Ints, pt: Floats, eta: Floats, phi: Floats, energy: Floats) -> Any:
    """Each jet as a whole in FastJet: Cambridge/Aachen at a radius that never splits it."""
    momenta = {"px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pt * np.sinh(eta), "E": energy}
    array = ak.unflatten(ak.zip(momenta), np.diff(offsets))
    return fastjet.ClusterSequence(array, fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0))
