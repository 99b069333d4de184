"""What pileup leaves in a tower, from the events themselves: the median over patches of towers, by η."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PATCHES = 8
"""Patches in η and in φ: of 56 × 72 towers each is 0.61 × 0.79, about the area of a jet of R = 0.4."""


def eta_profile(images: Floats, patches: int = PATCHES) -> Floats:
    """How the density depends on η: of each row, the mean over events of the median over patches in φ.

    Args:
        images: float64 [events, rows, columns], transverse energy (GeV); at least one event.
        patches: in φ.

    Returns:
        float64 [rows], 1 on average; all 1 where there is nothing.
    """
    medians = np.median(_means(images, 2, patches), axis=2).mean(axis=0)
    return np.asarray(medians / medians.mean() if medians.any() else np.ones(images.shape[1]))


def median_density(images: Floats, profile: Floats, patches: int = PATCHES) -> Floats:
    """The density of each event: the median over patches of their mean tower.

    Source: ρ of M. Cacciari, G. Salam, arXiv:0707.1378, equation 2, with patches of a grid instead of jets and towers
    divided by the profile, as in FastJet's `GridMedianBackgroundEstimator` with rescaling (arXiv:1111.6097). What a
    tower of a row holds of pileup is ρ · profile.

    Args:
        images: float64 [events, rows, columns], transverse energy (GeV).
        profile: float64 [rows], not negative; rows of 0 are left empty.
        patches: in each direction; sizes differ by a tower where it does not divide rows or columns.

    Returns:
        float64 [events], GeV a tower.

    >>> median_density(np.full((1, 16, 16), 2.0), np.ones(16)).tolist()
    [2.0]
    """
    scaled = np.divide(images, profile[:, np.newaxis], out=np.zeros_like(images), where=profile[:, np.newaxis] > 0)
    means = _means(_means(scaled, 1, patches), 2, patches)
    return np.asarray(np.median(means.reshape(len(images), -1), axis=1))


def _means(images: Floats, axis: int, patches: int) -> Floats:
    """The means of neighbours along an axis."""
    size = images.shape[axis]
    starts = np.arange(min(patches, size)) * size // min(patches, size)
    shape = [1, 1, 1]
    shape[axis] = -1
    sizes = np.diff(starts, append=size).reshape(shape)
    return np.asarray(np.add.reduceat(images, starts, axis=axis) / sizes)
