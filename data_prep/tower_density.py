"""The transverse energy that pileup leaves in a tower, from the event itself: the median over patches of towers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PATCHES = 8
"""Patches in η and in φ: of 56 × 72 towers each is 0.61 × 0.79, about the area of a jet of R = 0.4."""


def median_density(images: Floats, patches: int = PATCHES) -> Floats:
    """The density of each event: the median over patches of their mean tower.

    Source: ρ of M. Cacciari, G. Salam, arXiv:0707.1378, equation 2, with patches of a grid instead of jets, as in
    FastJet's `GridMedianBackgroundEstimator` (arXiv:1111.6097). What an area A holds of pileup is ρ · A.

    Args:
        images: float64 [events, rows, columns], transverse energy (GeV).
        patches: in each direction; sizes differ by a tower where it does not divide rows or columns.

    Returns:
        float64 [events], GeV a tower.

    >>> median_density(np.full((1, 16, 16), 2.0)).tolist()
    [2.0]
    """
    _, rows, columns = images.shape
    down, right = (np.arange(min(patches, n)) * n // min(patches, n) for n in (rows, columns))
    sums = np.add.reduceat(np.add.reduceat(images, down, axis=1), right, axis=2)
    sizes = np.diff(down, append=rows)[:, np.newaxis] * np.diff(right, append=columns)
    return np.asarray(np.median((sums / sizes).reshape(len(images), -1), axis=1))
