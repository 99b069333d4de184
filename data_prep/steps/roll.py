"""Roll the jet about its own axis: a rotation in space, and the naive one in the η-φ plane for comparison."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.steps.elementary import asinh, atan2, sin_cos, sinh_cosh
from data_prep.steps.step import Step, StepKind
from data_prep.system.compiled import compiled

Array = npt.NDArray[np.float32]

_ISOTROPIC = 1e-6


class Roll(Step):
    """Rotate the centred jet in space about its axis until its principal axis lies along η.

    In the frame where the jet axis is x and the beam is z, the principal axis belongs to the larger eigenvalue of
    T = Σ p⊥ p⊥ᵀ / |p|, with p⊥ = (py, pz) of each constituent. |p| and px do not change under rotations about x, and
    p⊥ turns as a vector, so the rolled image does not depend on how the jet was turned before. An axis has no
    direction: which end is up is left to `flip`. Where T has no principal axis (its eigenvalues agree within 10⁻⁶,
    as for constituents on the jet axis alone) the jet stays as it is.

    A rotation is a Lorentz transformation: the jet mass does not change; pT, η and φ of each constituent do.

    `in_plane` turns (η, φ) as if it were a plane vector and keeps every pT, until the principal axis of Σ pT (η, φ)
    (η, φ)ᵀ lies along η. It is common, is no Lorentz transformation and changes the mass.
    """

    step: Literal["roll"] = "roll"
    """The step's name."""
    method: Literal["in_space", "in_plane"] = "in_space"
    """The rotation in space, or the naive one, which is here for comparison."""

    @property
    def parameters(self) -> tuple[float]:
        """For the compiled kernel: whether the rotation is the naive one."""
        return (float(self.method == "in_plane"),)


@compiled
def roll_in_plane(pt: Array, eta: Array, phi: Array) -> None:
    """Turn η and φ of one centred jet in place."""
    across = mixed = along = np.float64(0)
    for i in range(pt.size):
        weight, y, z = np.float64(pt[i]), np.float64(phi[i]), np.float64(eta[i])
        across += weight * y * y
        mixed += weight * y * z
        along += weight * z * z
    sine, cosine = _turn(across, mixed, along)
    for i in range(pt.size):
        y, z = phi[i], eta[i]
        phi[i] = cosine * y - sine * z
        eta[i] = sine * y + cosine * z


@compiled
def roll(pt: Array, eta: Array, phi: Array) -> None:
    """Roll one centred jet in place; constituents are taken as massless."""
    for i in range(pt.size):
        sine, cosine = sin_cos(phi[i])
        z = pt[i] * sinh_cosh(eta[i])[0]
        pt[i], phi[i], eta[i] = pt[i] * cosine, pt[i] * sine, z
    # from here to the end pt, phi, eta hold px, py, pz
    tyy = tyz = tzz = np.float64(0)
    for i in range(pt.size):
        squared = pt[i] * pt[i] + phi[i] * phi[i] + eta[i] * eta[i]
        weight = np.float64(np.float32(1) / np.sqrt(squared if squared > 0 else np.float32(1)))
        y, z = np.float64(phi[i]), np.float64(eta[i])
        tyy += y * y * weight
        tyz += y * z * weight
        tzz += z * z * weight
    sine, cosine = _turn(tyy, tyz, tzz)
    for i in range(pt.size):
        x = pt[i]
        y = cosine * phi[i] - sine * eta[i]
        z = sine * phi[i] + cosine * eta[i]
        transverse = np.sqrt(x * x + y * y)
        pt[i] = transverse
        eta[i] = asinh(z / (transverse if transverse > 0 else np.float32(1)))
        phi[i] = atan2(y, x)


@compiled
def _turn(tyy: np.float64, tyz: np.float64, tzz: np.float64) -> tuple[np.float32, np.float32]:
    """Sine and cosine of the angle from z to the principal axis, towards y, in [-π/2, π/2]."""
    across, along = 2 * tyz, tzz - tyy
    size = np.sqrt(across * across + along * along)
    if not size > _ISOTROPIC * (tyy + tzz):
        return np.float32(0), np.float32(1)
    if along >= 0:
        cosine = np.sqrt((1 + along / size) / 2)
        return np.float32(across / size / (2 * cosine)), np.float32(cosine)
    sine = np.sqrt((1 - along / size) / 2)
    sine = -sine if across < 0 else sine
    return np.float32(sine), np.float32(across / size / (2 * sine))


@compiled
def _run(
    parameters: Array, pt: Array, eta: Array, phi: Array, jet_pt: np.float32, jet_eta: np.float32, jet_phi: np.float32
) -> None:
    if parameters[0] > 0:
        roll_in_plane(pt, eta, phi)
    else:
        roll(pt, eta, phi)


STEP = StepKind(Roll, _run, relative=True)
