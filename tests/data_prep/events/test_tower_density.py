"""The density of pileup against FastJet's own estimator on the same towers."""

from __future__ import annotations

import fastjet
import numpy as np
import pytest

from data_prep.events.tower_density import eta_profile, median_density
from data_prep.grids.trigger_towers import EventGrid


@pytest.mark.parametrize("slope", [0.0, 0.15])
def test_equals_fastjet(rng: np.random.Generator, slope: float) -> None:
    """`GridMedianBackgroundEstimator` on 8 × 8 patches, rescaled by 1 + slope η²; its ρ is per unit area."""
    grid, library = EventGrid(), fastjet._swig
    image = rng.exponential(1.0, (grid.rows, grid.columns)) * (rng.random((grid.rows, grid.columns)) < 0.5)
    image[20:24, 30:35] += 40  # a jet, which a median does not see
    eta, phi = grid.towers.centres(np.arange(image.size))
    pt = image.ravel()
    lorentz = zip(pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta), strict=True)
    patches = library.RectangularGrid(-grid.eta_max, grid.eta_max, 2 * grid.eta_max / 8, 2 * np.pi / 8)
    estimator = library.GridMedianBackgroundEstimator(patches)
    shape = library.BackgroundRescalingYPolynomial(1.0, 0.0, slope)
    estimator.set_rescaling_class(shape)
    estimator.set_particles([library.PseudoJet(*map(float, four)) for four in lorentz])
    rows = grid.towers.centres(np.arange(grid.rows) * grid.columns)[0]
    expected = estimator.rho() * grid.tower_eta * grid.step[1]
    found = median_density(image[np.newaxis], 1 + slope * rows**2)
    assert found[0] == pytest.approx(expected, rel=1e-9)


def test_the_profile_is_that_of_the_pileup(rng: np.random.Generator) -> None:
    shape = np.linspace(0.5, 1.5, 16)
    images = rng.gamma(20, shape[:, np.newaxis] / 20, (50, 16, 72))
    images[:, 3:6, 10:15] += 30  # jets
    np.testing.assert_allclose(eta_profile(images), shape, rtol=0.02)
    assert eta_profile(np.zeros((2, 5, 9))).tolist() == [1] * 5


def test_patches_need_not_divide_the_image() -> None:
    assert median_density(np.full((2, 5, 11), 3.0), np.ones(5)).tolist() == [3, 3]
    assert median_density(np.full((1, 5, 11), 3.0), np.zeros(5)).tolist() == [0]
