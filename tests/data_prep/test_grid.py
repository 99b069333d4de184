"""The square grid: pixels against numpy's histogram, borders, centres."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_prep.grid import SquareGrid, pixel_of


def pixel(grid: SquareGrid, eta: float, phi: float) -> int:
    return pixel_of(grid.code, grid.parameters, np.float32(eta), np.float32(phi))


def test_borders_belong_to_the_upper_pixel() -> None:
    grid = SquareGrid(pixels=4, half_width=1.0)
    assert pixel(grid, -1.0, -1.0) == 0
    assert pixel(grid, -1.0, -0.5) == 1
    assert pixel(grid, -0.5, -1.0) == 4
    assert pixel(grid, 0.0, 0.0) == 10
    assert pixel(grid, 0.99, 0.99) == 15
    for outside in ((1.0, 0), (0, 1.0), (-1.001, 0), (0, -1.001), (np.inf, 0), (0, -np.inf), (np.nan, 0), (0, np.nan)):
        assert pixel(grid, *outside) == -1


def test_rows_are_eta_and_columns_are_phi() -> None:
    eta, phi = SquareGrid(pixels=3, half_width=0.6).centres()
    np.testing.assert_allclose(eta, [[-0.4] * 3, [0] * 3, [0.4] * 3], atol=1e-15)
    np.testing.assert_allclose(phi, [[-0.4, 0, 0.4]] * 3, atol=1e-15)


@given(st.integers(2, 256), st.floats(0.01, 4))
def test_every_centre_lies_in_its_own_pixel(pixels: int, half_width: float) -> None:
    grid = SquareGrid(pixels=pixels, half_width=half_width)
    eta, phi = (centre.ravel() for centre in grid.centres())
    for index in {0, 1, pixels - 1, pixels, pixels * pixels // 2, pixels * pixels - 1}:
        assert pixel(grid, eta[index], phi[index]) == index


def test_edges_are_numpys(rng: np.random.Generator) -> None:
    grid = SquareGrid(pixels=32, half_width=0.8)
    eta, phi = rng.uniform(-1, 1, (2, 4000))
    counts = np.zeros(32 * 32 + 1, int)
    for e, p in zip(eta, phi, strict=True):
        counts[pixel(grid, e, p)] += 1
    expected = np.histogram2d(eta, phi, bins=[grid.edges(), grid.edges()])[0]
    np.testing.assert_array_equal(counts[:-1].reshape(32, 32), expected)


@pytest.mark.parametrize(
    "bad", [{"pixels": 1}, {"pixels": 257}, {"half_width": 0}, {"half_width": -1}, {"kind": "hex"}]
)
def test_impossible_grids_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SquareGrid.model_validate({"pixels": 16, "half_width": 0.8} | bad)
