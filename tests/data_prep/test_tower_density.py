"""The density of pileup against FastJet's own estimator on the same towers."""

from __future__ import annotations

import fastjet
import numpy as np
import pytest

from data_prep.event_towers import EventGrid
from data_prep.tower_density import median_density


@pytest.mark.parametrize("seed", range(3))
def test_equals_fastjet(seed: int) -> None:
    """`GridMedianBackgroundEstimator` on 8 × 8 patches of massless towers; its ρ is per unit area."""
    rng = np.random.default_rng(seed)
    grid = EventGrid()
    image = rng.exponential(1.0, (grid.rows, grid.columns)) * (rng.random((grid.rows, grid.columns)) < 0.5)
    image[20:24, 30:35] += 40  # a jet, which a median does not see
    eta, phi = grid.centres(np.arange(image.size))
    pt = image.ravel()
    lorentz = zip(pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta), strict=True)
    library = fastjet._swig
    patches = library.RectangularGrid(-grid.eta_max, grid.eta_max, 2 * grid.eta_max / 8, 2 * np.pi / 8)
    estimator = library.GridMedianBackgroundEstimator(patches)
    estimator.set_particles([library.PseudoJet(*map(float, four)) for four in lorentz])
    expected = estimator.rho() * grid.tower_eta * grid.tower_phi
    assert median_density(image[np.newaxis])[0] == pytest.approx(expected, rel=1e-9)


def test_patches_need_not_divide_the_image() -> None:
    assert median_density(np.full((2, 5, 11), 3.0)).tolist() == [3, 3]
    assert median_density(np.zeros((1, 56, 72))).tolist() == [0]
