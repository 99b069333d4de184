"""Centre the image on the jet axis: a boost along the beam and a rotation about it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.compiled import compiled
from data_prep.settings import Settings

Array = npt.NDArray[np.float32]

_TURN = np.float32(2 * np.pi)


class Centre(Settings):
    """Move the jet axis to η = φ = 0, keeping every pT.

    For massless constituents this is the Lorentz boost along the beam by the jet's pseudorapidity and the rotation
    about the beam by its azimuth: the jet mass does not change.
    """

    step: Literal["centre"] = "centre"
    """The step's name."""


@compiled
def centre(eta: Array, phi: Array, jet_eta: np.float32, jet_phi: np.float32) -> None:
    """Subtract the jet axis from one jet's constituents in place; φ differences are wrapped into [-π, π]."""
    for i in range(eta.size):
        eta[i] -= jet_eta
        difference = phi[i] - jet_phi
        phi[i] = difference - _TURN * np.rint(difference / _TURN)
