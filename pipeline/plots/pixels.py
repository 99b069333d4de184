"""One image on axes, whatever the shape of its pixels: columns to the right (φ), rows up (η)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize

from data_prep.grids.grid import Float64, Grid


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
    outline = grid.outline()
    if outline is not None:
        return _polygons(axes, grid, outline, lit, norm)
    return axes.imshow(lit, extent=grid.extent, origin="lower", interpolation="nearest", norm=norm, cmap="viridis")


def _polygons(
    axes: Any, grid: Grid, outline: tuple[Float64, Float64], lit: npt.NDArray[Any], norm: Normalize
) -> PolyCollection:
    inside = grid.mask()
    up, right = (centre[inside][:, None] + corner for centre, corner in zip(grid.centres(), outline, strict=True))
    corners = np.stack([right, up], axis=-1)
    drawn = PolyCollection(corners, array=lit[inside], norm=norm, cmap="viridis", rasterized=True)
    axes.add_collection(drawn)
    axes.set_aspect("equal")
    axes.set_xlim(grid.extent[:2])
    axes.set_ylim(grid.extent[2:])
    return drawn
