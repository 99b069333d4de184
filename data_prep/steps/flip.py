"""Mirror the image so that the harder half lies on the same side for all jets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.settings import Settings
from data_prep.system.compiled import compiled

Array = npt.NDArray[np.float32]


class Flip(Settings):
    """Mirror the centred jet in η, in φ or in both, so that Σ pT sign(η) and Σ pT sign(φ) are not negative.

    sign(0) = 0: a constituent on the axis belongs to neither half. A reflection keeps the jet mass.
    """

    step: Literal["flip"] = "flip"
    """The step's name."""


@compiled
def flip(pt: Array, eta: Array, phi: Array) -> None:
    """Mirror one centred jet in place."""
    up = right = 0.0
    for i in range(pt.size):
        up += pt[i] * np.sign(eta[i])
        right += pt[i] * np.sign(phi[i])
    if up < 0:
        for i in range(eta.size):
            eta[i] = -eta[i]
    if right < 0:
        for i in range(phi.size):
            phi[i] = -phi[i]
