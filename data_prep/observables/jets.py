"""All observables of jets from the four-momenta of their constituents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.observables.columns import OBSERVABLES
from data_prep.observables.correlators import correlators
from data_prep.observables.momentum import directions, jet_masses, jet_sums
from data_prep.observables.shapes import SHAPES, shapes
from data_prep.observables.soft_drop import soft_drop_mass
from data_prep.observables.subjettiness import subjettiness

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AXES = 4
"""The largest N of N-subjettiness."""
BETA, Z_CUT = 0.0, 0.1
"""Soft drop: with β = 0 no jet radius enters."""


def observables_of_jets(offsets: Ints, pt: Floats, eta: Floats, phi: Floats, energy: Floats) -> npt.NDArray[np.float32]:
    """The observables of jets, in the order of `OBSERVABLES`: float32 [jets, observables].

    Multiplicity; pT and mass of the sum; soft-drop mass (β = 0, z_cut = 0.1); τ1 to τ4; girth, width, Les Houches
    angularity, pTD; e2, e3.

    Args:
        offsets: int64 [jets + 1].
        pt: float64 [constituents], GeV, above 0; all numbers are finite.
        eta: float64 [constituents], pseudorapidity.
        phi: float64 [constituents], rad.
        energy: float64 [constituents], GeV.
    """
    momenta = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy
    transverse, y, azimuth = directions(*momenta)
    sums = jet_sums(offsets, *momenta)
    _, jet_y, jet_phi = directions(*sums)
    tau = subjettiness(offsets, *momenta, transverse, y, azimuth, AXES)
    values = {
        "multiplicity": np.diff(offsets).astype(np.float64),
        "pt": np.hypot(sums[0], sums[1]),
        "mass": jet_masses(sums),
        "sdmass": soft_drop_mass(*momenta, offsets, BETA, Z_CUT, 1.0),
        **{f"tau{number + 1}": tau[number] for number in range(AXES)},
        **dict(zip(SHAPES, shapes(offsets, transverse, y, azimuth, jet_y, jet_phi), strict=True)),
        **dict(zip(("e2", "e3"), correlators(offsets, transverse, y, azimuth), strict=True)),
    }
    with np.errstate(over="ignore"):
        columns: npt.NDArray[np.float32] = np.stack([values[name] for name in OBSERVABLES], axis=1).astype(np.float32)
    return columns
