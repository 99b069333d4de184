"""Hexagonal pixels: against brute force, borders, neighbours, turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.pixels import pixels_of
from tests.data_prep.grids.directions import pixel, pixels, turns_permute


def hexagonal(rings: int = 4, pitch: float = 0.25) -> HexagonalGrid:
    return HexagonalGrid(kind="hexagonal", rings=rings, pitch=pitch)


@pytest.mark.parametrize(
    "grid",
    [hexagonal(1, 0.5), hexagonal(16, 0.05), hexagonal(127, 0.01)],
    ids=str,
)
def test_every_centre_lies_in_its_own_pixel_and_no_other_is_lit(grid: HexagonalGrid) -> None:
    eta, phi = (centre[grid.mask()] for centre in grid.centres())
    np.testing.assert_array_equal(pixels(grid, eta, phi), np.flatnonzero(grid.mask()))


@pytest.mark.parametrize(("rings", "pitch"), [(1, 0.7), (4, 0.25), (16, 0.05)])
def test_a_direction_belongs_to_the_nearest_hexagon(rings: int, pitch: float, rng: np.random.Generator) -> None:
    grid = hexagonal(rings, pitch)
    # one ring more, so that the nearest of all pixels is known to be outside too
    wider = hexagonal(rings + 1, pitch)
    eta, phi = rng.uniform(-1, 1, (2, 3000)).astype(np.float32) * np.float32((rings + 0.5) * pitch)
    centres = np.stack([angle.ravel() for angle in wider.centres()])
    q, r = np.divmod(np.arange(wider.rows**2), wider.columns) - np.int64(rings + 1)
    distance = np.hypot(*(centres[:, np.newaxis] - np.stack([eta, phi])[:, :, np.newaxis]))
    nearest = distance.argmin(axis=1)
    low, second = np.partition(distance, 1, axis=1)[:, :2].T
    clear = second - low > 1e-5 * pitch
    assert clear.mean() > 0.99
    inside = np.maximum.reduce([np.abs(q), np.abs(r), np.abs(q + r)])[nearest] <= rings
    expected = np.where(inside, (q + rings)[nearest] * grid.columns + (r + rings)[nearest], -1)
    index = pixels(grid, eta, phi)
    np.testing.assert_array_equal(index[clear], expected[clear])
    np.testing.assert_array_equal(index, [pixel(grid, *each) for each in zip(eta, phi, strict=True)])
    assert (index >= 0).mean() > 0.5
    assert (index < 0).any()


def test_hexagons_have_six_neighbours_at_one_pitch() -> None:
    grid = hexagonal(3, 0.2)
    assert grid.mask().sum() == 37  # 1 + 6 + 12 + 18
    eta, phi = grid.centres()
    for q, r in ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)):
        np.testing.assert_allclose(np.hypot(eta[3 + q, 3 + r], phi[3 + q, 3 + r]), 0.2, rtol=1e-12)
    assert (eta[3, 3], phi[3, 3]) == (0, 0)
    corner_eta, corner_phi = grid.outline()
    # a corner is as far from the middle as from the two neighbours beside it
    np.testing.assert_allclose(np.hypot(corner_eta, corner_phi), 0.2 / np.sqrt(3))
    np.testing.assert_allclose(np.hypot(corner_eta[0] - 0.2, corner_phi[0]), 0.2 / np.sqrt(3))


def test_a_border_of_hexagons_belongs_to_the_largest_q_and_then_r() -> None:
    grid = hexagonal(4, 0.25)  # all of these are exact in float32

    def at(q: int, r: int) -> int:
        return (q + 4) * 9 + r + 4

    for q in range(-3, 3):
        assert pixel(grid, (q + 0.5) * 0.25, 0) == at(q + 1, 0)
    # along the other axes no border is exact in float32 but with rows of height 1: (0, 0) | (0, 1) and (0, 1) | (1, 0)
    skewed = np.float32([1, 1, 4])
    index = np.empty(2, np.int32)
    pixels_of(grid.code, skewed, np.float32([0.25, 0.75]), np.float32([0.5, 0.5]), index)
    assert index.tolist() == [at(0, 1), at(1, 0)]
    assert pixel(grid, 4.5 * 0.25, 0) == -1
    assert pixel(grid, -4.5 * 0.25, 0) == at(-4, 0)


@pytest.mark.parametrize("grid", [hexagonal(8, 0.1), hexagonal(3, 0.25)])
@given(st.floats(-1, 1), st.floats(-1, 1))
def test_turns_by_60_degrees_permute_hexagons(grid: HexagonalGrid, eta: float, phi: float) -> None:
    turns_permute(grid, np.float32(eta), np.float32(phi), 6)
