"""Zoom: stretch the image by the jet's pT, so that decays of all momenta open equally wide."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from data_prep.steps.step import Step, StepKind
from data_prep.system.compiled import compiled

Array = npt.NDArray[np.float32]


class Zoom(Step):
    """Multiply the η and φ of the centred jet by pT / reference, keeping every pT.

    The products of a particle of mass m fly about ΔR = 2m / pT apart, so that after the step they lie 2m / reference
    apart, whatever the pT. The jet mass, about pT ΔR / 2, is multiplied by about the same factor: it is not kept.
    Source: J. Barnard, E. N. Dawe, M. J. Dolan, N. Rajcic, arXiv:1609.00607, section III.
    """

    step: Literal["zoom"] = "zoom"
    """The step's name."""
    reference: float = Field(ge=1e-3, le=1e5)
    """The jet pT (GeV) at which the image stays as it is."""

    @property
    def parameters(self) -> tuple[float]:
        """For the compiled kernel: the inverse of the reference."""
        return (1 / self.reference,)


@compiled
def zoom(parameters: Array, eta: Array, phi: Array, jet_pt: np.float32) -> None:
    """Stretch one centred jet in place."""
    factor = jet_pt * parameters[0]
    for i in range(eta.size):
        eta[i] *= factor
        phi[i] *= factor


@compiled
def _run(
    parameters: Array, pt: Array, eta: Array, phi: Array, jet_pt: np.float32, jet_eta: np.float32, jet_phi: np.float32
) -> None:
    zoom(parameters, eta, phi, jet_pt)


STEP = StepKind(
    Zoom,
    _run,
    relative=True,
    after={"roll": "which rotates in three dimensions: after a zoom the angles are not angles any more"},
)
