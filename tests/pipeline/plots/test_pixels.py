"""Images on axes: every pixel where its centre is, whatever its shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from pipeline.plots.pixels import draw


@pytest.mark.parametrize(
    ("grid", "extent"),
    [
        (SquareGrid(pixels=4, half_width=0.8), (-0.8, 0.8, -0.8, 0.8)),
        (TowerGrid(kind="towers", rows=4, columns=8, eta_step=0.5), (-np.pi, np.pi, -1, 1)),
    ],
)
def test_rows_go_up_and_the_window_is_that_of_the_grid(
    grid: SquareGrid | TowerGrid, extent: tuple[float, ...], rng: np.random.Generator
) -> None:
    image = rng.random((grid.rows, grid.columns))
    drawn = draw(Figure().subplots(), grid, image, LogNorm(1e-3, 1))
    np.testing.assert_array_equal(drawn.get_array(), image)
    assert drawn.origin == "lower"
    assert tuple(drawn.get_extent()) == extent


def test_a_hexagon_is_drawn_around_its_centre_and_touches_its_neighbour(rng: np.random.Generator) -> None:
    grid = HexagonalGrid(kind="hexagonal", rings=1, pitch=0.2)
    image = rng.random((3, 3))
    image[0, 1] = 0
    drawn = draw(Figure().subplots(), grid, image, LogNorm(1e-3, 1))
    assert isinstance(drawn, PolyCollection)
    # seven pixels of the nine are in the hexagon
    corners = np.array([path.vertices[:6] for path in drawn.get_paths()])
    middles = corners.mean(axis=1)
    assert len(middles) == 7
    np.testing.assert_allclose(middles[3], [0, 0], atol=1e-12)
    # a neighbour along q lies at η = pitch and shares two corners
    above = int(np.argmin(np.abs(middles - [0, 0.2]).sum(axis=1)))
    np.testing.assert_allclose(middles[above], [0, 0.2], atol=1e-12)
    shared = [c for c in corners[3] if np.min(np.abs(corners[above] - c).sum(axis=1)) < 1e-9]
    assert len(shared) == 2
    assert drawn.axes.get_xlim() == pytest.approx((corners[..., 0].min(), corners[..., 0].max()))
    assert drawn.axes.get_ylim() == pytest.approx((corners[..., 1].min(), corners[..., 1].max()))
    assert np.ma.getmaskarray(drawn.get_array()).sum() + np.isnan(np.ma.getdata(drawn.get_array())).sum() >= 1


class Diamonds(SquareGrid):
    """Squares that stand on a corner, half as high: a grid that no plot knows."""

    def outline(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        return np.array([0, 0.1, 0, -0.1]), np.array([0.2, 0, -0.2, 0])


def test_any_grid_is_drawn_by_what_it_says_of_itself() -> None:
    grid = Diamonds(pixels=2, half_width=0.8)
    drawn = draw(Figure().subplots(), grid, np.array([[0, 0], [0, 1.0]]), LogNorm(1e-3, 1))
    last = drawn.get_paths()[-1].vertices[:4]
    np.testing.assert_allclose(last, [(0.6, 0.4), (0.4, 0.5), (0.2, 0.4), (0.4, 0.3)], atol=1e-12)
    assert drawn.axes.get_xlim() == drawn.axes.get_ylim() == (-0.8, 0.8)


def test_axes_are_relative_to_the_centre_where_the_grid_is() -> None:
    assert SquareGrid(pixels=4, half_width=0.8).axis_titles == (r"$\Delta\eta$", r"$\Delta\varphi$")
    assert TowerGrid(kind="towers").axis_titles == (r"$\eta$", r"$\varphi$")
