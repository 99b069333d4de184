"""Jet shapes: how the momentum of a jet is distributed over its constituents and about its axis."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.observables.momentum import distance2
from data_prep.system.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHAPES = ("girth", "width", "lha", "ptd")


@compiled
def shapes(offsets: Ints, pt: Floats, y: Floats, phi: Floats, jet_y: Floats, jet_phi: Floats) -> Floats:
    """Generalised angularities λ(κ, β) = Σ z^κ ΔR^β, with z = pT / Σ pT and ΔR to the jet axis.

    Source: A. Larkoski, J. Thaler, W. Waalewijn, JHEP 11 (2014) 129, arXiv:1408.3122.

    Args:
        offsets: int64 [jets + 1].
        pt: float64 [constituents], GeV.
        y: float64 [constituents], rapidity.
        phi: float64 [constituents], rad.
        jet_y: float64 [jets], rapidity of the jet's momentum.
        jet_phi: float64 [jets], its azimuth.

    Returns:
        float64 [4, jets], in the order of `SHAPES`: girth λ(1, 1), width λ(1, 2), the Les Houches angularity λ(1, 1/2)
        and pTD = √λ(2, 0); 0 for a jet without constituents.
    """
    values = np.zeros((4, offsets.size - 1))
    for jet in range(offsets.size - 1):
        total = girth = width = houches = squares = 0.0
        for i in range(offsets[jet], offsets[jet + 1]):
            delta_r2 = distance2(y[i], phi[i], jet_y[jet], jet_phi[jet])
            distance = np.sqrt(delta_r2)
            total += pt[i]
            girth += pt[i] * distance
            width += pt[i] * delta_r2
            houches += pt[i] * np.sqrt(distance)
            squares += pt[i] * pt[i]
        if total > 0:
            values[0, jet] = girth / total
            values[1, jet] = width / total
            values[2, jet] = houches / total
            values[3, jet] = np.sqrt(squares) / total
    return values
