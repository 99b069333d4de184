"""Which pixel directions fall into, and what turns do to it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import assume

from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.pixels import pixels_of
from data_prep.grids.square import SquareGrid

Angles = npt.NDArray[np.float32]


def pixel(grid: Grid, eta: float, phi: float) -> int:
    return int(pixels(grid, np.float32([eta]), np.float32([phi]))[0])


def pixels(grid: Grid, eta: Angles, phi: Angles) -> npt.NDArray[np.int32]:
    index = np.empty(eta.size, np.int32)
    pixels_of(grid.code, grid.parameters, eta.astype(np.float32), phi.astype(np.float32), index)
    return index


def turns_permute(grid: SquareGrid | HexagonalGrid, eta: np.float32, phi: np.float32, order: int) -> None:
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
