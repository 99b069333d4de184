"""One image on axes, whatever the shape of its pixels: φ to the right, η up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize

from data_prep.grid import Grid, HexagonalGrid


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
    eta, phi = grid.centres()
    if isinstance(grid, HexagonalGrid):
        return _hexagons(axes, grid, lit, norm)
    above, right = (eta[1, 0] - eta[0, 0]) / 2, (phi[0, 1] - phi[0, 0]) / 2
    extent = (phi[0, 0] - right, phi[0, -1] + right, eta[0, 0] - above, eta[-1, 0] + above)
    return axes.imshow(lit, extent=extent, origin="lower", interpolation="nearest", norm=norm, cmap="viridis")


def _hexagons(axes: Any, grid: HexagonalGrid, lit: npt.NDArray[Any], norm: Normalize) -> PolyCollection:
    inside = grid.mask()
    eta, phi = (centre[inside][:, None] + corner for centre, corner in zip(grid.centres(), grid.outline(), strict=True))
    drawn = PolyCollection(np.stack([phi, eta], axis=-1), array=lit[inside], norm=norm, cmap="viridis", rasterized=True)
    axes.add_collection(drawn)
    axes.set_aspect("equal")
    axes.set_xlim(phi.min(), phi.max())
    axes.set_ylim(eta.min(), eta.max())
    return drawn
