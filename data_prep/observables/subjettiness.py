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
"""Axes are final when they move less than this on average; constituents on an axis count as this far from it."""
_ATTEMPTS = 1000
"""Moves at most."""


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
    most: int,
) -> Floats:
    """τ1, τ2, … of every jet: τN = Σ pT min(ΔR to each of N axes) / Σ pT, so β = 1, and R = 1.

    The axes begin as the N exclusive kT subjets; then each is moved to the mean of its constituents, weighted by
    pT / ΔR, again and again until they rest, which is one pass to a nearby minimum. FastJet's contrib `Nsubjettiness`
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
        most: the largest N.

    Returns:
        float64 [most, jets]; 0 where there are no more constituents than axes.
    """
    tau = np.zeros((most, offsets.size - 1))
    now, moved = np.empty((most, 2)), np.empty((most, 3))
    for jet in range(offsets.size - 1):
        first, last = offsets[jet], offsets[jet + 1]
        if last - first < 2:
            continue
        axes = kt_axes(px[first:last], py[first:last], pz[first:last], energy[first:last], most)
        for number in range(1, min(most + 1, last - first)):
            for k in range(number):
                now[k, 0], now[k, 1] = axes[number - 1, k, 0], axes[number - 1, k, 1]
            for _ in range(_ATTEMPTS):
                if _move(first, last, pt, y, phi, number, now, moved) <= _ACCURACY * number:
                    break
            total = 0.0
            for i in range(first, last):
                apart = np.inf
                for k in range(number):
                    apart = min(apart, distance2(y[i], phi[i], now[k, 0], now[k, 1]))
                total += pt[i]
                tau[number - 1, jet] += pt[i] * np.sqrt(apart)
            tau[number - 1, jet] /= total
    return tau


@compiled
def _move(first: int, last: int, pt: Floats, y: Floats, phi: Floats, number: int, axes: Floats, moved: Floats) -> float:
    """Move the axes once, in place; the sum of the distances that they moved."""
    for k in range(number):
        moved[k, 0] = moved[k, 1] = moved[k, 2] = 0
    for i in range(first, last):
        nearest, apart = 0, np.inf
        for k in range(number):
            d = distance2(y[i], phi[i], axes[k, 0], axes[k, 1])
            if d < apart:
                nearest, apart = k, d
        weight = pt[i] / np.sqrt(_ACCURACY * _ACCURACY + apart)
        away = phi[i] - axes[nearest, 1]
        if away > np.pi:
            away -= 2 * np.pi
        elif away < -np.pi:
            away += 2 * np.pi
        moved[nearest, 0] += weight * (y[i] - axes[nearest, 0])
        moved[nearest, 1] += weight * away
        moved[nearest, 2] += weight
    far = 0.0
    for k in range(number):
        # an axis to which no constituent is nearest stays
        if moved[k, 2] > 0:
            down, across = moved[k, 0] / moved[k, 2], moved[k, 1] / moved[k, 2]
            far += np.sqrt(down * down + across * across)
            turned = axes[k, 1] + across
            axes[k, 0] += down
            axes[k, 1] = turned - 2 * np.pi * np.rint(turned / (2 * np.pi))
    return far
