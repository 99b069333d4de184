"""Centre the image: a boost along the beam and a rotation about it that bring a chosen direction to the origin."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.steps.elementary import sinh_cosh
from data_prep.steps.step import Step, StepKind
from data_prep.system.compiled import compiled

Array = npt.NDArray[np.float32]

JET_AXIS, CENTROID, LEADING_CONSTITUENT, LEADING_SUBJET = range(4)
"""What is centred on, in the compiled kernel."""
_ON = {
    "jet_axis": JET_AXIS,
    "centroid": CENTROID,
    "leading_constituent": LEADING_CONSTITUENT,
    "leading_subjet": LEADING_SUBJET,
}
_TURN = np.float32(2 * np.pi)


class Centre(Step):
    """Move a direction of the jet to η = φ = 0, keeping every pT.

    For massless constituents this is the Lorentz boost along the beam by the direction's pseudorapidity and the
    rotation about the beam by its azimuth: the jet mass does not change.

    `on`:
        jet_axis: the axis of the jet, as the file gives it.
        centroid: the means of η and φ of the constituents, weighted by pT.
        leading_constituent: that of the largest pT, of equal ones the first.
        leading_subjet: the centroid of the hardest subjet, as `leading_subjet` finds it.
    """

    step: Literal["centre"] = "centre"
    """The step's name."""
    on: Literal["jet_axis", "centroid", "leading_constituent", "leading_subjet"] = "jet_axis"
    """The direction that becomes the image's centre."""
    keep: Literal["pt", "energy"] = "pt"
    """What of a constituent stays. `energy` is the naive translation that is often seen: pT = E / cosh η of the new η.
    It is no Lorentz transformation, is wrong, and is here for comparison."""
    radius: float | None = Field(default=None, gt=0, le=1)
    """The radius of the subjets, with `leading_subjet` alone; 0.2 is usual."""

    @model_validator(mode="after")
    def _radius_of_subjets(self) -> Self:
        if (self.radius is not None) != (self.on == "leading_subjet"):
            raise ValueError("'on: leading_subjet' needs the 'radius' of subjets, as 0.2, and nothing else takes one")
        return self

    @property
    def parameters(self) -> tuple[float, float, float]:
        """For the compiled kernel: what it centres on, whether energies are kept, the square of the radius."""
        return float(_ON[self.on]), float(self.keep == "energy"), (self.radius or 0.0) ** 2


@compiled
def centre(parameters: Array, pt: Array, eta: Array, phi: Array, jet_eta: np.float32, jet_phi: np.float32) -> None:
    """Centre one jet's constituents in place; φ differences from the jet axis are wrapped into [-π, π]."""
    for i in range(eta.size):
        eta[i] -= jet_eta
        difference = phi[i] - jet_phi
        phi[i] = difference - _TURN * np.rint(difference / _TURN)
    on, keeps_energy = int(parameters[0]), parameters[1] > 0
    if on == JET_AXIS and not keeps_energy:
        return
    at_eta = at_phi = np.float32(0)
    if on == CENTROID:
        at_eta, at_phi = _centroid(pt, eta, phi)
    elif on == LEADING_CONSTITUENT:
        hardest = np.argmax(pt)
        at_eta, at_phi = eta[hardest], phi[hardest]
    elif on == LEADING_SUBJET:
        at_eta, at_phi = leading_subjet(pt, eta, phi, parameters[2])
    if on != JET_AXIS:
        for i in range(eta.size):
            eta[i] -= at_eta
            phi[i] -= at_phi
    if keeps_energy:
        moved = at_eta + jet_eta
        for i in range(eta.size):
            pt[i] *= sinh_cosh(eta[i] + moved)[1] / sinh_cosh(eta[i])[1]


@compiled
def _centroid(pt: Array, eta: Array, phi: Array) -> tuple[np.float32, np.float32]:
    """Means of η and φ weighted by pT; the origin where there is no pT."""
    total = up = right = np.float64(0)
    for i in range(pt.size):
        total += pt[i]
        up += np.float64(pt[i]) * eta[i]
        right += np.float64(pt[i]) * phi[i]
    if not total > 0:
        return np.float32(0), np.float32(0)
    return np.float32(up / total), np.float32(right / total)


@compiled
def leading_subjet(pt: Array, eta: Array, phi: Array, radius_squared: np.float32) -> tuple[np.float32, np.float32]:
    """The centroid (η, φ) of the hardest subjet of one jet, a cone about a hard constituent.

    The hardest constituent that is left takes all that are left within ΔR < R of it, again and again, until what is
    left cannot make a harder subjet; the one of the largest Σ pT leads, of equal ones the first. So triggers find jets
    in one pass; it is what anti-kT (M. Cacciari, G. Salam, G. Soyez, arXiv:0802.1189, section 2.1) comes to where
    a hard particle has only soft ones about it, at a fraction of its cost. φ is not wrapped.
    """
    left = pt.copy()
    remaining = np.float64(0)
    for i in range(pt.size):
        remaining += pt[i]
    best = np.float64(0)
    best_eta = best_phi = np.float32(0)
    while remaining > best:
        seed, hardest = 0, np.float32(0)
        for i in range(left.size):
            if left[i] > hardest:
                seed, hardest = i, left[i]
        if not hardest > 0:
            break
        seed_eta, seed_phi = eta[seed], phi[seed]
        total = up = right = np.float64(0)
        for i in range(left.size):
            away_eta, away_phi = eta[i] - seed_eta, phi[i] - seed_phi
            # the seed takes itself though its direction be NaN: else it would be the seed for ever
            near = i == seed or away_eta * away_eta + away_phi * away_phi < radius_squared
            taken = left[i] if near else np.float32(0)
            left[i] -= taken
            total += taken
            up += np.float64(taken) * away_eta
            right += np.float64(taken) * away_phi
        remaining -= total
        if total > best:
            best = total
            best_eta, best_phi = np.float32(seed_eta + up / total), np.float32(seed_phi + right / total)
    return best_eta, best_phi


@compiled
def _run(
    parameters: Array, pt: Array, eta: Array, phi: Array, jet_pt: np.float32, jet_eta: np.float32, jet_phi: np.float32
) -> None:
    centre(parameters, pt, eta, phi, jet_eta, jet_phi)


STEP = StepKind(Centre, _run)
