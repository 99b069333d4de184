"""Any grid: by its kind in a configuration, impossible ones refused, and what is no direction outside of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from data_prep.grids.any_grid import AnyGrid
from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from tests.data_prep.grids.directions import pixel

GRID: TypeAdapter[Any] = TypeAdapter(AnyGrid)
GRIDS = (
    SquareGrid(pixels=4, half_width=1.0),
    HexagonalGrid(kind="hexagonal", rings=4, pitch=0.25),
    TowerGrid(kind="towers"),
)


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.kind)
def test_what_is_no_direction_is_outside(grid: Grid) -> None:
    for value in (np.inf, -np.inf, np.nan):
        assert pixel(grid, value, 0) == -1
        assert pixel(grid, 0, value) == -1
    assert pixel(grid, 3e38, 0) == -1


def test_a_grid_is_square_where_nothing_is_said() -> None:
    assert GRID.validate_python({"pixels": 4, "half_width": 1}) == SquareGrid(pixels=4, half_width=1)
    for grid in GRIDS:
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
