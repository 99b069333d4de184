"""Turns and mirrors of lattices: a full turn, and places that only change their order."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.lattice import OUTSIDE, Matrix, hexagon, moved, powers
from data_prep.grids.square import SquareGrid


@pytest.mark.parametrize(("turn", "degrees"), [(SquareGrid.turn, 90), (HexagonalGrid.turn, 60)])
def test_the_powers_of_a_turn_make_a_full_one(turn: Matrix, degrees: int) -> None:
    assert len(powers(turn)) == 360 / degrees
    assert {round(float(np.linalg.det(each))) for each in powers(turn)} == {1}


def test_a_square_is_turned_as_numpy_turns_it() -> None:
    image = np.arange(25).reshape(5, 5)
    turned = np.empty(25, int)
    turned[moved(SquareGrid.turn, np.ones((5, 5), bool)).ravel()] = image.ravel()
    np.testing.assert_array_equal(turned.reshape(5, 5), np.rot90(image))


@pytest.mark.parametrize("matrix", [HexagonalGrid.turn, HexagonalGrid.mirror])
def test_a_hexagon_is_moved_onto_itself(matrix: Matrix) -> None:
    inside = hexagon(7)
    places = moved(matrix, inside)
    assert (places[~inside] == OUTSIDE).all()
    np.testing.assert_array_equal(np.sort(places[inside]), np.flatnonzero(inside))
    assert places[3, 3] == 3 * 7 + 3
