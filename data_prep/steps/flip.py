"""Mirror the image so that the harder half lies on the same side for all jets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.steps.step import Step, StepKind
from data_prep.system.compiled import compiled

Array = npt.NDArray[np.float32]


class Flip(Step):
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


@compiled
def _run(
    parameters: Array, pt: Array, eta: Array, phi: Array, jet_pt: np.float32, jet_eta: np.float32, jet_phi: np.float32
) -> None:
    flip(pt, eta, phi)


STEP = StepKind(Flip, _run, relative=True, after={"roll": "which would undo it"})
