"""Momenta: Cartesian to detector coordinates, sums over jets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.steps.elementary import asinh, atan2, sin_cos, sinh_cosh
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@compiled
def detector_coordinates(px: Float32, py: Float32, pz: Float32) -> tuple[Float32, Float32, Float32]:
    """pT, pseudorapidity and azimuth of momenta, in one vectorised pass.

    Args:
        px: float32 [n], GeV; along x.
        py: float32 [n], GeV; along y.
        pz: float32 [n], GeV; along the beam.

    Returns:
        pT (GeV), η = asinh(pz/pT), φ in [-π, π]; float32 [n]. The null momentum has η = φ = 0; a momentum along the
        beam has infinite η; pT beyond 10^19 GeV is infinite.
    """
    pt, eta, phi = np.empty_like(px), np.empty_like(px), np.empty_like(px)
    for i in range(px.size):
        transverse = np.sqrt(px[i] * px[i] + py[i] * py[i])
        null = transverse == 0 and pz[i] == 0
        pt[i] = transverse
        eta[i] = asinh(pz[i] / (np.float32(1) if null else transverse))
        phi[i] = atan2(py[i], px[i])
    return pt, eta, phi


@compiled
def cartesian(pt: Float32, eta: Float32, phi: Float32, mass: Float32) -> tuple[Float32, Float32, Float32, Float32]:
    """The four-momenta (px, py, pz, E) of particles in detector coordinates, in one vectorised pass.

    Args:
        pt: float32 [n], GeV.
        eta: float32 [n], pseudorapidity, |η| < 80.
        phi: float32 [n], rad, |φ| < 100.
        mass: float32 [n], GeV.

    Returns:
        px, py, pz, E; float32 [n], GeV.
    """
    px, py, pz, energy = np.empty_like(pt), np.empty_like(pt), np.empty_like(pt), np.empty_like(pt)
    for i in range(pt.size):
        sine, cosine = sin_cos(phi[i])
        sinh, cosh = sinh_cosh(eta[i])
        momentum = pt[i] * cosh
        px[i] = pt[i] * cosine
        py[i] = pt[i] * sine
        pz[i] = pt[i] * sinh
        energy[i] = np.sqrt(momentum * momentum + mass[i] * mass[i])
    return px, py, pz, energy


@compiled
def jet_momenta(offsets: Int64, px: Float32, py: Float32, pz: Float32, energy: Float32) -> Float64:
    """The four-momentum (px, py, pz, E) of every jet, the sum of its constituents: float64 [jets, 4], GeV."""
    total = np.zeros((offsets.size - 1, 4))
    for jet in range(offsets.size - 1):
        a = b = c = d = 0.0
        for i in range(offsets[jet], offsets[jet + 1]):
            a += px[i]
            b += py[i]
            c += pz[i]
            d += energy[i]
        total[jet, 0], total[jet, 1], total[jet, 2], total[jet, 3] = a, b, c, d
    return total


def invariant_mass(momenta: Float64) -> Float32:
    """The mass of four-momenta [n, 4] (px, py, pz, E): float32 [n], GeV; 0 where E² < p² by rounding."""
    with np.errstate(invalid="ignore", over="ignore"):
        squared = momenta[:, 3] ** 2 - (momenta[:, :3] ** 2).sum(axis=1)
        mass: Float32 = np.sqrt(np.maximum(squared, 0)).astype(np.float32)
    return mass
