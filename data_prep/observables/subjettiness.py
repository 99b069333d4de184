"""N-subjettiness: how well N axes describe a jet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.observables.kt_axes import kt_axes
from data_prep.observables.momentum import distance2
from data_prep.system.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ACCURACY = 1e-4
"""Axes are final when they move less than this on average; in the weights it is added to ΔR in quadrature."""
_ATTEMPTS = 1000
"""Largest number of moves."""


@compiled
def subjettiness(
    offsets: Ints,
    px: Floats,
    py: Floats,
    pz: Floats,
    energy: Floats,
    pt: Floats,
    y: Floats,
    phi: Floats,
    axes_max: int,
) -> Floats:
    """τ1, τ2, … of every jet: τN = Σ pT min(ΔR to each of N axes) / Σ pT, so β = 1, and R = 1.

    The axes begin as the N exclusive kT subjets; then each is moved to the mean of its constituents, weighted by
    pT / ΔR, until they no longer move, which is one pass to a nearby minimum. FastJet's contrib `Nsubjettiness`
    calls it `OnePass_KT_Axes` and `NormalizedMeasure`. Sources: J. Thaler, K. Van Tilburg, JHEP 03 (2011) 015,
    arXiv:1011.2268, and JHEP 02 (2012) 093, arXiv:1108.2701.

    Args:
        offsets: int64 [jets + 1].
        px: float64 [constituents], GeV, all with pT.
        py: the same, y component.
        pz: the same, along the beam.
        energy: the same, energy.
        pt: float64 [constituents], GeV, as `momentum.directions` gives it.
        y: the same, rapidity.
        phi: the same, azimuth.
        axes_max: the largest N.

    Returns:
        float64 [axes_max, jets]; 0 where there are no more constituents than axes.
    """
    tau = np.zeros((axes_max, offsets.size - 1))
    axis_positions, shifts = np.empty((axes_max, 2)), np.empty((axes_max, 3))
    for jet in range(offsets.size - 1):
        first, last = offsets[jet], offsets[jet + 1]
        if last - first < 2:
            continue
        axes = kt_axes(px[first:last], py[first:last], pz[first:last], energy[first:last], axes_max)
        for number in range(1, min(axes_max + 1, last - first)):
            for k in range(number):
                axis_positions[k, 0], axis_positions[k, 1] = axes[number - 1, k, 0], axes[number - 1, k, 1]
            for _ in range(_ATTEMPTS):
                if _move(first, last, pt, y, phi, number, axis_positions, shifts) <= _ACCURACY * number:
                    break
            total = 0.0
            for i in range(first, last):
                delta_r2 = np.inf
                for k in range(number):
                    delta_r2 = min(delta_r2, distance2(y[i], phi[i], axis_positions[k, 0], axis_positions[k, 1]))
                total += pt[i]
                tau[number - 1, jet] += pt[i] * np.sqrt(delta_r2)
            tau[number - 1, jet] /= total
    return tau


@compiled
def _move(
    first: int, last: int, pt: Floats, y: Floats, phi: Floats, number: int, axes: Floats, shifts: Floats
) -> float:
    """Move the axes once, in place; returns the sum of their shifts in ΔR."""
    for k in range(number):
        shifts[k, 0] = shifts[k, 1] = shifts[k, 2] = 0
    for i in range(first, last):
        nearest, delta_r2 = 0, np.inf
        for k in range(number):
            d = distance2(y[i], phi[i], axes[k, 0], axes[k, 1])
            if d < delta_r2:
                nearest, delta_r2 = k, d
        weight = pt[i] / np.sqrt(_ACCURACY * _ACCURACY + delta_r2)
        away = phi[i] - axes[nearest, 1]
        if away > np.pi:
            away -= 2 * np.pi
        elif away < -np.pi:
            away += 2 * np.pi
        shifts[nearest, 0] += weight * (y[i] - axes[nearest, 0])
        shifts[nearest, 1] += weight * away
        shifts[nearest, 2] += weight
    far = 0.0
    for k in range(number):
        # an axis that is the nearest one of no constituent stays
        if shifts[k, 2] > 0:
            down, across = shifts[k, 0] / shifts[k, 2], shifts[k, 1] / shifts[k, 2]
            far += np.sqrt(down * down + across * across)
            wrapped_phi = axes[k, 1] + across
            axes[k, 0] += down
            axes[k, 1] = wrapped_phi - 2 * np.pi * np.rint(wrapped_phi / (2 * np.pi))
    return far
