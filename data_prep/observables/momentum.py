"""The four-momenta of constituents, their directions, and their sum, the momentum of the jet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.system.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled
def directions(px: Floats, py: Floats, pz: Floats, energy: Floats) -> tuple[Floats, Floats, Floats]:
    """pT, rapidity and azimuth of four-momenta that have pT.

    Args:
        px: float64 [n], GeV.
        py: the same, y component.
        pz: the same, along the beam.
        energy: the same, energy; where E² < p² by rounding, it is taken as that of a massless particle.

    Returns:
        pT (GeV), y = ln((E + pz) / √(pT² + m²)), φ in [-π, π]; float64 [n].
    """
    pt, rapidity, phi = np.empty_like(px), np.empty_like(px), np.empty_like(px)
    for i in range(px.size):
        transverse = px[i] * px[i] + py[i] * py[i]
        squared = max(energy[i] * energy[i] - transverse - pz[i] * pz[i], 0.0)
        total = max(energy[i], np.sqrt(transverse + pz[i] * pz[i]))
        pt[i] = np.sqrt(transverse)
        rapidity[i] = np.copysign(np.log((total + abs(pz[i])) / np.sqrt(transverse + squared)), pz[i])
        phi[i] = np.arctan2(py[i], px[i])
    return pt, rapidity, phi


@compiled
def jet_sums(offsets: Ints, px: Floats, py: Floats, pz: Floats, energy: Floats) -> Floats:
    """The momentum of every jet, the sum of its constituents: float64 [4, jets], px, py, pz, E in GeV."""
    total = np.zeros((4, offsets.size - 1))
    for jet in range(offsets.size - 1):
        for i in range(offsets[jet], offsets[jet + 1]):
            total[0, jet] += px[i]
            total[1, jet] += py[i]
            total[2, jet] += pz[i]
            total[3, jet] += energy[i]
    return total


def jet_masses(sums: Floats) -> Floats:
    """The masses of jets from `jet_sums`, GeV: float64 [jets]; 0 where m² is negative by rounding."""
    px, py, pz, energy = sums
    mass: Floats = np.sqrt(np.maximum(energy * energy - px * px - py * py - pz * pz, 0.0))
    return mass


@compiled
def distance2(y: float, phi: float, other_y: float, other_phi: float) -> float:
    """ΔR² of two directions whose azimuths differ by less than 2π."""
    away = abs(phi - other_phi)
    away = min(away, 2 * np.pi - away)
    return float((y - other_y) ** 2 + away * away)
