"""The grids: pixels against numpy's histogram and brute force, borders, turns, centres."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from data_prep.grids.any_grid import AnyGrid
from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.pixels import pixels_of
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid

GRID: TypeAdapter[Any] = TypeAdapter(AnyGrid)
TOWERS = TowerGrid(kind="towers")
Angles = npt.NDArray[np.float32]


def pixel(grid: Grid, eta: float, phi: float) -> int:
    return int(pixels(grid, np.float32([eta]), np.float32([phi]))[0])


def pixels(grid: Grid, eta: Angles, phi: Angles) -> npt.NDArray[np.int32]:
    index = np.empty(eta.size, np.int32)
    pixels_of(grid.code, grid.parameters, eta.astype(np.float32), phi.astype(np.float32), index)
    return index


def hexagonal(rings: int = 4, pitch: float = 0.25) -> HexagonalGrid:
    return HexagonalGrid(kind="hexagonal", rings=rings, pitch=pitch)


def test_borders_belong_to_the_upper_pixel() -> None:
    grid = SquareGrid(pixels=4, half_width=1.0)
    assert pixel(grid, -1.0, -1.0) == 0
    assert pixel(grid, -1.0, -0.5) == 1
    assert pixel(grid, -0.5, -1.0) == 4
    assert pixel(grid, 0.0, 0.0) == 10
    assert pixel(grid, 0.99, 0.99) == 15
    for outside in ((1.0, 0), (0, 1.0), (-1.001, 0), (0, -1.001)):
        assert pixel(grid, *outside) == -1


@pytest.mark.parametrize(
    "grid", [SquareGrid(pixels=4, half_width=1.0), hexagonal(), TOWERS], ids=lambda grid: grid.kind
)
def test_what_is_no_direction_is_outside(grid: Grid) -> None:
    for value in (np.inf, -np.inf, np.nan):
        assert pixel(grid, value, 0) == -1
        assert pixel(grid, 0, value) == -1
    assert pixel(grid, 3e38, 0) == -1


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


@pytest.mark.parametrize(
    "grid",
    [hexagonal(1, 0.5), hexagonal(16, 0.05), hexagonal(127, 0.01), TOWERS, TowerGrid(kind="towers", eta_step=0.05)],
    ids=str,
)
def test_every_centre_lies_in_its_own_pixel_and_no_other_is_lit(grid: HexagonalGrid | TowerGrid) -> None:
    eta, phi = (centre[grid.mask()] for centre in grid.centres())
    np.testing.assert_array_equal(pixels(grid, eta, phi), np.flatnonzero(grid.mask()))


def test_edges_are_numpys(rng: np.random.Generator) -> None:
    grid = SquareGrid(pixels=32, half_width=0.8)
    eta, phi = rng.uniform(-1, 1, (2, 4000))
    index = pixels(grid, eta, phi)
    expected = np.histogram2d(eta, phi, bins=[grid.edges(), grid.edges()])[0]
    np.testing.assert_array_equal(np.bincount(index[index >= 0], minlength=32 * 32).reshape(32, 32), expected)
    np.testing.assert_array_equal(index, [pixel(grid, *each) for each in zip(eta, phi, strict=True)])


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


@pytest.mark.parametrize("grid", [SquareGrid(pixels=16, half_width=0.8), SquareGrid(pixels=9, half_width=0.8)])
@given(st.floats(-1, 1), st.floats(-1, 1))
def test_turns_by_90_degrees_permute_square_pixels(grid: SquareGrid, eta: float, phi: float) -> None:
    _turns_permute(grid, np.float32(eta), np.float32(phi), 4)


@pytest.mark.parametrize("grid", [hexagonal(8, 0.1), hexagonal(3, 0.25)])
@given(st.floats(-1, 1), st.floats(-1, 1))
def test_turns_by_60_degrees_permute_hexagons(grid: HexagonalGrid, eta: float, phi: float) -> None:
    _turns_permute(grid, np.float32(eta), np.float32(phi), 6)


def _turns_permute(grid: SquareGrid | HexagonalGrid, eta: np.float32, phi: np.float32, order: int) -> None:
    """Turned and mirrored directions fall into turned and mirrored pixels."""
    centres = np.stack([angle.ravel() for angle in grid.centres()]).astype(np.float64)
    distance = np.sort(np.hypot(centres[0] - eta, centres[1] - phi))
    assume(distance[1] - distance[0] > 1e-5)  # no border
    first = pixel(grid, eta, phi)
    if first < 0:
        # nor one of the window
        half = getattr(grid, "half_width", None)
        assume(half is None or max(abs(eta), abs(phi)) > half + 1e-5)
        assume(half is not None or distance[0] > grid.outline()[0].max() * 1.3)  # type: ignore[union-attr]
    middle = (grid.rows - 1) / 2
    for mirrored in (False, True):
        at = np.array(divmod(first, grid.columns)) - middle
        angle = np.array([eta, phi], np.float64)
        if mirrored:
            at, angle = np.array(grid.mirror) @ at, angle * [1, -1]
        for _ in range(order):
            row, column = (at + middle).astype(int)
            expected = -1 if first < 0 else row * grid.columns + column
            assert pixel(grid, *angle) == expected
            at = np.array(grid.turn) @ at
            sine, cosine = np.sin(2 * np.pi / order), np.cos(2 * np.pi / order)
            angle = np.array([[cosine, -sine], [sine, cosine]]) @ angle


def test_towers_go_round_in_phi() -> None:
    assert (TOWERS.rows, TOWERS.columns) == (56, 72)
    np.testing.assert_allclose(TOWERS.step, 2 * np.pi / 72)
    first = 28 * 72
    for phi in (np.pi, -np.pi, np.float32(np.pi), np.nextafter(np.float32(-np.pi), np.float32(0)), 3 * np.pi):
        assert pixel(TOWERS, 0, phi) == first
    assert pixel(TOWERS, 0, 3.14) == first + 71
    assert pixel(TOWERS, 0, -3.14) == first
    assert pixel(TOWERS, 0, 0) == first + 36
    edge = np.float32(TOWERS.eta_max)
    assert pixel(TOWERS, edge, 0) == -1
    assert pixel(TOWERS, -edge, 0) == 36
    assert pixel(TOWERS, edge - np.float32(1e-5), 0) == 55 * 72 + 36


@given(st.floats(-2.4, 2.4), st.floats(-np.pi, np.pi), st.integers(-2, 2))
def test_whole_turns_change_no_tower(eta: float, phi: float, turns: int) -> None:
    per_tower = 2 * np.pi / 72
    assume(abs(phi / per_tower - np.rint(phi / per_tower)) > 1e-4)  # no border
    assert pixel(TOWERS, eta, phi + 2 * np.pi * turns) == pixel(TOWERS, eta, phi)
    assert pixel(TOWERS, eta, phi) % 72 == int((phi + np.pi) // per_tower)


def test_a_grid_is_square_where_nothing_is_said() -> None:
    assert GRID.validate_python({"pixels": 4, "half_width": 1}) == SquareGrid(pixels=4, half_width=1)
    for grid in (SquareGrid(pixels=4, half_width=1), hexagonal(), TOWERS):
        assert GRID.validate_json(GRID.dump_json(grid)) == grid


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"pixels": 1, "half_width": 0.8}, "greater than or equal to 2"),
        ({"pixels": 257, "half_width": 0.8}, "less than or equal to 256"),
        ({"pixels": 16, "half_width": 0}, "greater than 0"),
        ({"pixels": 16, "half_width": -1}, "greater than 0"),
        ({"kind": "hex", "rings": 4, "pitch": 0.1}, "hexagonal, square, towers"),
        ({"kind": "hexagonal", "pixels": 16, "half_width": 0.8}, "rings"),
        ({"kind": "hexagonal", "rings": 0, "pitch": 0.1}, "greater than or equal to 1"),
        ({"kind": "hexagonal", "rings": 4, "pitch": 0}, "greater than 0"),
        ({"kind": "towers", "columns": 0}, "greater than or equal to 4"),
        ({"kind": "towers", "rows": 400, "eta_step": 0.5}, "reach"),
    ],
)
def test_impossible_grids_are_refused(bad: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        GRID.validate_python(bad)
