"""Square pixels: against numpy's histogram, borders, turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.grids.square import SquareGrid
from tests.data_prep.grids.directions import pixel, pixels, turns_permute


def test_borders_belong_to_the_upper_pixel() -> None:
    grid = SquareGrid(pixels=4, half_width=1.0)
    assert pixel(grid, -1.0, -1.0) == 0
    assert pixel(grid, -1.0, -0.5) == 1
    assert pixel(grid, -0.5, -1.0) == 4
    assert pixel(grid, 0.0, 0.0) == 10
    assert pixel(grid, 0.99, 0.99) == 15
    for outside in ((1.0, 0), (0, 1.0), (-1.001, 0), (0, -1.001)):
        assert pixel(grid, *outside) == -1


def test_rows_are_eta_and_columns_are_phi() -> None:
    eta, phi = SquareGrid(pixels=3, half_width=0.6).centres()
    np.testing.assert_allclose(eta, [[-0.4] * 3, [0] * 3, [0.4] * 3], atol=1e-15)
    np.testing.assert_allclose(phi, [[-0.4, 0, 0.4]] * 3, atol=1e-15)


@given(st.integers(2, 256), st.floats(0.01, 4))
def test_every_centre_lies_in_its_own_pixel(side: int, half_width: float) -> None:
    grid = SquareGrid(pixels=side, half_width=half_width)
    eta, phi = (centre.ravel() for centre in grid.centres())
    for index in {0, 1, side - 1, side, side * side // 2, side * side - 1}:
        assert pixel(grid, eta[index], phi[index]) == index


def test_edges_are_numpys(rng: np.random.Generator) -> None:
    grid = SquareGrid(pixels=32, half_width=0.8)
    eta, phi = rng.uniform(-1, 1, (2, 4000))
    index = pixels(grid, eta, phi)
    expected = np.histogram2d(eta, phi, bins=[grid.edges(), grid.edges()])[0]
    np.testing.assert_array_equal(np.bincount(index[index >= 0], minlength=32 * 32).reshape(32, 32), expected)
    np.testing.assert_array_equal(index, [pixel(grid, *each) for each in zip(eta, phi, strict=True)])


@pytest.mark.parametrize("grid", [SquareGrid(pixels=16, half_width=0.8), SquareGrid(pixels=9, half_width=0.8)])
@given(st.floats(-1, 1), st.floats(-1, 1))
def test_turns_by_90_degrees_permute_square_pixels(grid: SquareGrid, eta: float, phi: float) -> None:
    turns_permute(grid, np.float32(eta), np.float32(phi), 4)
