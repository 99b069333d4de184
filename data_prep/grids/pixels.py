"""The pixels of many directions, on any of the grids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import GRIDS
from data_prep.system.compiled import compiled, dispatcher

Float32 = npt.NDArray[np.float32]

_pixels_of = dispatcher(tuple(grid.pixels for grid in GRIDS.values()))


@compiled
def pixels_of(code: int, parameters: Float32, eta: Float32, phi: Float32, index: npt.NDArray[np.int32]) -> None:
    """The pixels of all directions; one loop a grid, so that each is made of vector instructions.

    Args:
        code: `Grid.code`.
        parameters: `Grid.parameters`.
        eta: float32 [n].
        phi: float32 [n].
        index: int32 [n], filled: row · columns + column, -1 outside the grid.
    """
    _pixels_of(code, parameters, eta, phi, index)
