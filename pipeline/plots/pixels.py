"""One image on axes, whatever the shape of its pixels: φ to the right, η up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize

from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid


def draw(axes: Any, grid: Grid, image: npt.NDArray[Any], norm: Normalize) -> Any:
    """Draw the lit pixels of an image.

    Args:
        axes: of Matplotlib.
        grid: where the pixels are.
        image: [rows, columns]; pixels that are not above 0 stay white.
        norm: values to colours.

    Returns:
        what a colour bar is made for.
    """
    lit = np.where(image > 0, image, np.nan)
    if isinstance(grid, HexagonalGrid):
        return _hexagons(axes, grid, lit, norm)
    return axes.imshow(lit, extent=grid.extent, origin="lower", interpolation="nearest", norm=norm, cmap="viridis")


def _hexagons(axes: Any, grid: HexagonalGrid, lit: npt.NDArray[Any], norm: Normalize) -> PolyCollection:
    inside = grid.mask()
    eta, phi = (centre[inside][:, None] + corner for centre, corner in zip(grid.centres(), grid.outline(), strict=True))
    drawn = PolyCollection(np.stack([phi, eta], axis=-1), array=lit[inside], norm=norm, cmap="viridis", rasterized=True)
    axes.add_collection(drawn)
    axes.set_aspect("equal")
    left, right, below, above = grid.extent
    axes.set_xlim(left, right)
    axes.set_ylim(below, above)
    return drawn
