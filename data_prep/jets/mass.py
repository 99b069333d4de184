"""Jet masses from constituents.

For massless constituents m² = E² - p² of their sum is

    m² = 2 Σ_{i<j} pT_i pT_j (cosh Δη_ij - cos Δφ_ij).

It is evaluated in the frame where the jet axis lies along x, as m² = (E - px)(E + px) - py² - pz² with
half angles: cosh η - cos φ = 2 (sinh² η/2 + sin² φ/2). No difference of large numbers is taken, so float32 inputs
give the mass to float32 accuracy, and the cost grows with the number of constituents, not with that of pairs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.steps.elementary import sin_cos, sinh_cosh
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
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
    terms = np.empty((4, longest), np.float32)
    for jet in range(offsets.size - 1):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        for i in range(n):
            difference = phi[first + i] - jet_phi[jet]
            s, c = sin_cos(_HALF * (difference - _TURN * np.rint(difference / _TURN)))
            sh, ch = sinh_cosh(_HALF * (eta[first + i] - jet_eta[jet]))
            twice = pt[first + i] + pt[first + i]
            terms[0, i] = twice * (sh * sh + s * s)
            terms[1, i] = twice * (ch * ch - s * s)
            terms[2, i] = twice * s * c
            terms[3, i] = twice * sh * ch
        minus = plus = y = z = 0.0
        for i in range(n):
            minus += terms[0, i]
            plus += terms[1, i]
            y += terms[2, i]
            z += terms[3, i]
        mass[jet] = np.sqrt(max(0.0, minus * plus - y * y - z * z))
    return mass


def lecture_notes_mass(
    offsets: Int64, pt: Float32, eta: Float32, phi: Float32, jet_eta: Float32, jet_phi: Float32
) -> Float32:
    """The mass of jets by a wrong formula from lecture notes; only for comparison.

    m² = Σ_{i<j} pT_i pT_j (1 - cos θ_ij) / (cosh η_i cosh η_j): the energy of a massless particle is pT cosh η, not
    pT / cosh η, and the 2 of 2 p_i p_j is missing. As every such sum over pairs it is half the squared mass of massless
    particles of these "energies", that is of pT / cosh² η in the same directions.

    Args:
        offsets: int64 [jets + 1].
        pt: float32 [constituents].
        eta: float32 [constituents].
        phi: float32 [constituents].
        jet_eta: float32 [jets], the jet axis.
        jet_phi: float32 [jets].

    Returns:
        float32 [jets], in the unit of `pt`; too small by √2 at η = 0, by √2 cosh² η elsewhere.
    """
    with np.errstate(over="ignore"):
        shrunk = pt / np.cosh(eta) ** 2
    return massless_mass(offsets, shrunk, eta, phi, jet_eta, jet_phi) / np.float32(np.sqrt(2))
