"""Towers: they go round in φ, and end in η."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from data_prep.grids.towers import TowerGrid
from tests.data_prep.grids.directions import pixel, pixels

TOWERS = TowerGrid(kind="towers")


@pytest.mark.parametrize(
    "grid",
    [TOWERS, TowerGrid(kind="towers", eta_step=0.05)],
    ids=str,
)
def test_every_centre_lies_in_its_own_pixel(grid: TowerGrid) -> None:
    eta, phi = (centre.ravel() for centre in grid.centres())
    np.testing.assert_array_equal(pixels(grid, eta, phi), np.arange(grid.rows * grid.columns))


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
