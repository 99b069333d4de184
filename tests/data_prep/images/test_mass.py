"""Masses of images against the sum over pairs of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.images.mass import image_mass
from tests.data_prep.jets.test_mass import pair_mass


def test_image_mass_is_that_of_particles_at_the_pixel_centres(rng: np.random.Generator) -> None:
    grid = SquareGrid(pixels=16, half_width=0.8)
    pixel = np.sort(rng.permuted(np.tile(np.arange(256), (50, 1)), axis=1)[:, :12], axis=1)
    value = rng.random((50, 12)).astype(np.float32)
    scale = rng.uniform(400, 900, 50).astype(np.float32)
    got = image_mass(np.arange(51) * 12, pixel.astype(np.uint16).ravel(), value.ravel(), scale, grid)
    eta, phi = (centre.ravel() for centre in grid.centres())
    expected = [s * pair_mass(v, eta[p], phi[p]) for p, v, s in zip(pixel, value, scale, strict=True)]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "channels", [("pt", "charged", "multiplicity"), ("charged", "photon", "neutral"), ("multiplicity", "pt")]
)
def test_image_mass_of_several_channels_is_that_of_their_pt(
    channels: tuple[str, ...], rng: np.random.Generator
) -> None:
    grid = HexagonalGrid(kind="hexagonal", rings=8, pitch=0.1)
    pt = np.where(grid.mask().ravel() & (rng.random(17 * 17) < 0.1), rng.random(17 * 17), 0)
    kind = rng.choice(["charged", "photon", "neutral"], pt.size)
    held = {"pt": pt, "multiplicity": 1.0 * (pt > 0)} | {name: pt * (kind == name) for name in set(kind)}
    flat = np.stack([held[name] for name in channels], axis=1).astype(np.float32).ravel()
    lit = np.flatnonzero(flat)
    ones = np.ones(1, np.float32)
    got = image_mass(np.array([0, lit.size]), lit.astype(np.uint16), flat[lit], ones, grid, channels)
    eta, phi = (centre.ravel() for centre in grid.centres())
    np.testing.assert_allclose(got, [pair_mass(pt, eta, phi)], rtol=1e-6)
