"""Which orders of the steps make sense, and on which grids."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from data_prep.steps.order import Steps, require_fitting

STEPS = TypeAdapter(Steps)
OPTIONS: dict[str, dict[str, Any]] = {"zoom": {"reference": 600}}


def steps(*names: str) -> list[dict[str, Any]]:
    return [{"step": name} | OPTIONS.get(name, {}) for name in names]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("roll", "centre"), "first step must be 'centre'"),
        (("flip",), "first step must be 'centre'"),
        (("zoom", "centre"), "first step must be 'centre'"),
        (("centre", "flip", "roll"), "'flip' must come after 'roll'"),
        (("centre", "zoom", "roll"), "'zoom' must come after 'roll'"),
        (("centre", "normalise", "roll"), "'normalise' must be the last"),
        (("centre", "roll", "roll"), "'roll' is given twice"),
        (("centre", "centre"), "'centre' is given twice"),
        (("centre", "rotate"), "'rotate'"),
    ],
)
def test_orders_that_make_no_sense_are_refused(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        STEPS.validate_python(steps(*names))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"step": "normalise", "norm": "l3"}, "'l1', 'l2' or 'power_of_two'"),
        ({"step": "roll", "method": "twist"}, "'in_space' or 'in_plane'"),
        ({"step": "zoom"}, "reference"),
        ({"step": "zoom", "reference": 0}, "greater than or equal to 0.001"),
        ({"step": "centre", "on": "beam"}, "'jet_axis'"),
        ({"step": "centre", "keep": "mass"}, "'pt' or 'energy'"),
        ({"step": "centre", "on": "leading_subjet"}, "needs the 'radius' of subjets"),
        ({"step": "centre", "radius": 0.2}, "nothing else takes one"),
        ({"step": "flip", "axis": "eta"}, "Extra inputs"),
    ],
)
def test_impossible_options_are_refused(step: dict[str, Any], reason: str) -> None:
    first = [] if step["step"] == "centre" else [{"step": "centre"}]
    with pytest.raises(ValidationError, match=reason):
        STEPS.validate_python([*first, step])


@pytest.mark.parametrize(
    ("grid", "names", "channels", "reason"),
    [
        (SquareGrid(pixels=4, half_width=1), (), ("pt",), "must be 'centre': the square grid"),
        (SquareGrid(pixels=4, half_width=1), ("normalise",), ("pt",), "must be 'centre'"),
        (HexagonalGrid(kind="hexagonal", rings=4, pitch=0.1), (), ("pt",), "must be 'centre': the hexagonal grid"),
        (TowerGrid(kind="towers"), ("centre",), ("pt",), "does not allow the step 'centre'"),
        (TowerGrid(kind="towers"), ("centre", "roll"), ("pt",), "towers are fixed in η and φ"),
        (TowerGrid(kind="towers"), ("normalise",), ("multiplicity",), "no channel holds pT"),
    ],
)
def test_steps_that_do_not_fit_the_grid_are_refused(
    grid: Grid, names: tuple[str, ...], channels: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        require_fitting(grid, STEPS.validate_python(steps(*names)), channels)
    require_fitting(TowerGrid(kind="towers"), STEPS.validate_python(steps("normalise")))
