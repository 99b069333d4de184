"""Square pixels around the image's centre."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from data_prep.grids.grid import OUTSIDE, Extent, Float64, Grid, GridKind
from data_prep.grids.lattice import Matrix
from data_prep.system.compiled import compiled, inlined

Float32 = npt.NDArray[np.float32]


class SquareGrid(Grid):
    """A square window around the image's centre, cut into pixels x pixels.

    Row = η, column = φ, both ascending. A pixel holds its lower border and not its upper one. A turn of the jet by 90°
    from η to φ moves pixel (row, column), counted from the centre, to (-column, row).
    """

    turn: ClassVar[Matrix] = ((0, -1), (1, 0))
    """What a turn by 90° from η to φ does to (row, column), counted from the centre."""
    mirror: ClassVar[Matrix] = ((1, 0), (0, -1))
    """What a mirror image in φ does to them."""
    kind: Literal["square"] = "square"
    """The shape of the pixels."""
    pixels: int = Field(ge=2, le=256)
    """Pixels along each side of the window."""
    half_width: float = Field(gt=0, le=4)
    """Half the side of the window, in units of η and radians of φ."""

    @property
    def rows(self) -> int:
        """Pixels in η."""
        return self.pixels

    @property
    def columns(self) -> int:
        """Pixels in φ."""
        return self.pixels

    @property
    def parameters(self) -> Float32:
        """What the compiled kernel needs: half width, pixels per unit of η, pixels a side."""
        return np.array([self.half_width, self.pixels / (2 * self.half_width), self.pixels], dtype=np.float32)

    def centres(self) -> tuple[Float64, Float64]:
        """η and φ of the pixel centres, relative to the image's centre: two float64 [rows, columns].

        >>> SquareGrid(pixels=2, half_width=0.8).centres()[0].tolist()
        [[-0.4, -0.4], [0.4, 0.4]]
        """
        axis = ((np.arange(self.pixels) + 0.5) / self.pixels - 0.5) * 2 * self.half_width
        eta, phi = np.meshgrid(axis, axis, indexing="ij")
        return eta, phi

    @property
    def extent(self) -> Extent:
        """The borders of the window, relative to the image's centre."""
        return -self.half_width, self.half_width, -self.half_width, self.half_width

    def edges(self) -> Float64:
        """The borders of the pixels along one side: float64 [pixels + 1]."""
        return np.linspace(-self.half_width, self.half_width, self.pixels + 1)


@compiled
def _pixels(parameters: Float32, eta: Float32, phi: Float32, index: npt.NDArray[np.int32]) -> None:
    half, per_unit, side = parameters[0], parameters[1], parameters[2]
    for i in range(index.size):
        index[i] = _pixel(half, per_unit, side, eta[i], phi[i])


@inlined
def _pixel(half: np.float32, per_unit: np.float32, side: np.float32, eta: np.float32, phi: np.float32) -> np.int32:
    row = np.floor((eta + half) * per_unit)
    column = np.floor((phi + half) * per_unit)
    inside = (row >= 0) & (row < side) & (column >= 0) & (column < side)
    return np.int32(row * side + column) if inside else OUTSIDE


GRID = GridKind(SquareGrid, _pixels)
