"""The pixels of an image and its preprocessing steps in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from data_prep.grids.trigger_towers import EventGrid


def grid_words(grid: Grid | EventGrid) -> str:
    """The pixels of a grid and their range, as a noun phrase.

    >>> grid_words(SquareGrid(pixels=16, half_width=0.8))
    '16 × 16 pixels of 0.1 × 0.1 in η × φ, ±0.8 around the centre'
    >>> grid_words(HexagonalGrid(kind="hexagonal", rings=2, pitch=0.2))
    '19 hexagonal pixels in 2 rings around the central one, centres 0.2 apart in η–φ'
    >>> grid_words(EventGrid())
    '56 × 72 towers of 0.087 × 0.0873 in η × φ, |η| < 2.44, full coverage in φ'
    """
    if isinstance(grid, SquareGrid):
        side = 2 * grid.half_width / grid.pixels
        pixels = f"{grid.rows} × {grid.columns} pixels of {side:.4g} × {side:.4g} in η × φ"
        return f"{pixels}, ±{grid.half_width:g} around the centre"
    if isinstance(grid, HexagonalGrid):
        around = f"{grid.rings} ring{'s' if grid.rings > 1 else ''} around the central one"
        return f"{grid.mask().sum()} hexagonal pixels in {around}, centres {grid.pitch:.4g} apart in η–φ"
    if not isinstance(grid, TowerGrid | EventGrid):
        return f"{grid.rows} × {grid.columns} {grid.kind} pixels"
    eta, phi = grid.step
    towers = f"{grid.rows} × {grid.columns} towers of {eta:.3g} × {phi:.3g} in η × φ"
    return f"{towers}, |η| < {grid.eta_max:.3g}, full coverage in φ"


def step_words(step: Mapping[str, Any]) -> str:
    """A preprocessing step with its parameters.

    >>> step_words({"step": "centre", "on": "jet_axis"})
    'centre (on jet_axis)'
    """
    options = ", ".join(f"{key} {value}" for key, value in step.items() if key != "step")
    return f"{step['step']} ({options})" if options else str(step["step"])
