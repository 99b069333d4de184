"""Jet masses, from constituents and from the pixels of an image.

For massless constituents m² = E² - p² of their sum is

    m² = 2 Σ_{i<j} pT_i pT_j (cosh Δη_ij - cos Δφ_ij).

Both functions evaluate it in the frame where the jet axis lies along x, as m² = (E - px)(E + px) - py² - pz² with
half angles: cosh η - cos φ = 2 (sinh² η/2 + sin² φ/2). No difference of large numbers is taken, so float32 inputs
give the mass to float32 accuracy, and the cost grows with the number of constituents, not with that of pairs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.compiled import compiled
from data_prep.elementary import sin_cos, sinh_cosh
from data_prep.grid import SquareGrid

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

_TURN, _HALF = np.float32(2 * np.pi), np.float32(0.5)


@compiled
def massless_mass(
    offsets: Int64, pt: Float32, eta: Float32, phi: Float32, jet_eta: Float32, jet_phi: Float32
) -> Float32:
    """The mass of jets whose constituents are taken as massless.

    Args:
        offsets: int64 [jets + 1].
        pt: float32 [constituents].
        eta: float32 [constituents].
        phi: float32 [constituents].
        jet_eta: float32 [jets], the jet axis; any direction near the jet gives the same mass.
        jet_phi: float32 [jets].

    Returns:
        float32 [jets], in the unit of `pt`.
    """
    mass = np.zeros(offsets.size - 1, np.float32)
    longest = 1
    for jet in range(offsets.size - 1):
        longest = max(longest, offsets[jet + 1] - offsets[jet])
    part = np.empty((4, longest), np.float32)
    for jet in range(offsets.size - 1):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        for i in range(n):
            difference = phi[first + i] - jet_phi[jet]
            s, c = sin_cos(_HALF * (difference - _TURN * np.rint(difference / _TURN)))
            sh, ch = sinh_cosh(_HALF * (eta[first + i] - jet_eta[jet]))
            twice = pt[first + i] + pt[first + i]
            part[0, i] = twice * (sh * sh + s * s)
            part[1, i] = twice * (ch * ch - s * s)
            part[2, i] = twice * s * c
            part[3, i] = twice * sh * ch
        minus = plus = y = z = 0.0
        for i in range(n):
            minus += part[0, i]
            plus += part[1, i]
            y += part[2, i]
            z += part[3, i]
        mass[jet] = np.sqrt(max(0.0, minus * plus - y * y - z * z))
    return mass


def image_mass(
    offsets: Int64, pixel: npt.NDArray[np.uint16], value: Float32, scale: Float32, grid: SquareGrid
) -> Float32:
    """The mass of jets from their images, each pixel a massless particle at the pixel's centre.

    Args:
        offsets: int64 [images + 1].
        pixel: uint16 [lit], row · columns + column.
        value: float32 [lit], pT.
        scale: float32 [images], what the pixels were divided by.
        grid: where the centres are.

    Returns:
        float32 [images], GeV.
    """
    eta, phi = (centre.ravel() / 2 for centre in grid.centres())
    table = np.stack(
        [
            2 * (np.sinh(eta) ** 2 + np.sin(phi) ** 2),
            2 * (np.cosh(eta) ** 2 - np.sin(phi) ** 2),
            np.sin(2 * phi),
            np.sinh(2 * eta),
        ]
    )
    return _image_mass(offsets, pixel, value, scale, table)


@compiled
def _image_mass(
    offsets: Int64, pixel: npt.NDArray[np.uint16], value: Float32, scale: Float32, table: Float64
) -> Float32:
    mass = np.zeros(offsets.size - 1, np.float32)
    for image in range(offsets.size - 1):
        minus = plus = y = z = 0.0
        for i in range(offsets[image], offsets[image + 1]):
            k = pixel[i]
            minus += value[i] * table[0, k]
            plus += value[i] * table[1, k]
            y += value[i] * table[2, k]
            z += value[i] * table[3, k]
        mass[image] = scale[image] * np.sqrt(max(0.0, minus * plus - y * y - z * z))
    return mass
