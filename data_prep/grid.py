"""The pixel grid: which pixel a direction falls into, and where a pixel's centre lies.

A grid is at once the section of the configuration that describes it and the object that knows it. The compiled kernel
sees it as a code and a row of numbers, so that a further grid is one class, one code and one branch of `pixel_of`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from data_prep.compiled import compiled
from data_prep.settings import Settings

SQUARE = 0


class SquareGrid(Settings):
    """A square window around the image's centre, cut into pixels x pixels.

    Row = η, column = φ, both ascending. A pixel holds its lower border and not its upper one.
    """

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
    def code(self) -> int:
        """The grid's number in the compiled kernel."""
        return SQUARE

    @property
    def parameters(self) -> npt.NDArray[np.float32]:
        """What the compiled kernel needs: half width, pixels per unit of η, pixels a side."""
        return np.array([self.half_width, self.pixels / (2 * self.half_width), self.pixels], dtype=np.float32)

    def centres(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """η and φ of the pixel centres, relative to the image's centre: two float64 [rows, columns].

        >>> SquareGrid(pixels=2, half_width=0.8).centres()[0].tolist()
        [[-0.4, -0.4], [0.4, 0.4]]
        """
        axis = ((np.arange(self.pixels) + 0.5) / self.pixels - 0.5) * 2 * self.half_width
        eta, phi = np.meshgrid(axis, axis, indexing="ij")
        return eta, phi

    def edges(self) -> npt.NDArray[np.float64]:
        """The borders of the pixels along one side: float64 [pixels + 1]."""
        return np.linspace(-self.half_width, self.half_width, self.pixels + 1)


@compiled
def pixel_of(code: int, parameters: npt.NDArray[np.float32], eta: np.float32, phi: np.float32) -> int:
    """The pixel of a direction relative to the image's centre: row · columns + column, -1 outside the window."""
    half, per_unit, side = parameters[0], parameters[1], parameters[2]
    row = np.floor((eta + half) * per_unit)
    column = np.floor((phi + half) * per_unit)
    if row >= 0 and row < side and column >= 0 and column < side:
        return int(row) * int(side) + int(column)
    return -1
