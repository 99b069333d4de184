"""What a pixel grid is: one object, `GRID`, in a file of its own in this folder.

A grid is at once the section of the configuration that describes it and the object that knows which pixel a direction
falls into and where a pixel's centre lies. The compiled kernel sees it as a code and a row of numbers.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from data_prep.grids.lattice import Matrix
from data_prep.registry import Registry
from data_prep.settings import Settings

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.int32]

Extent = tuple[float, float, float, float]
"""Lowest and highest value along the columns (φ), then along the rows (η): what images are drawn in."""

OUTSIDE = np.int32(-1)
"""The pixel of a direction outside the grid."""


class Grid(Settings):
    """The pixels of jet images, an array of rows and columns; of some grids a part of it is never lit."""

    turn: ClassVar[Matrix | None] = None
    """What the smallest turn from η to φ that moves pixels onto pixels does to (row, column), counted from the
    centre; None where images have no centre about which they could be turned."""
    mirror: ClassVar[Matrix | None] = None
    """What a mirror image in φ does to them."""
    centred: ClassVar[bool] = True
    """Whether directions are relative to the image's centre."""
    kind: str
    """The shape of the pixels."""

    if TYPE_CHECKING:

        @property
        def rows(self) -> int:
            """Pixels along the first axis of the array."""

        @property
        def columns(self) -> int:
            """Pixels along the second axis of the array."""

    @property
    def code(self) -> int:
        """The grid's number in the compiled kernel: its place in alphabetical order."""
        return list(GRIDS).index(self.kind)

    @property
    @abstractmethod
    def parameters(self) -> Float32:
        """What the compiled function of the grid needs."""

    @property
    @abstractmethod
    def extent(self) -> Extent:
        """The borders of what the pixels cover."""

    @property
    def axis_titles(self) -> tuple[str, str]:
        """What increases along the rows and along the columns, as Matplotlib sets it."""
        return (r"$\Delta\eta$", r"$\Delta\varphi$") if self.centred else (r"$\eta$", r"$\varphi$")

    def outline(self) -> tuple[Float64, Float64] | None:
        """The corners of a pixel about its centre, along the axes of rows and columns: two float64 [corners].

        None where pixels are the rectangles of the array, which fill `extent`.
        """
        return None

    @abstractmethod
    def centres(self) -> tuple[Float64, Float64]:
        """η and φ of the pixel centres: two float64 [rows, columns]."""

    def mask(self) -> npt.NDArray[np.bool_]:
        """The pixels that can be lit: bool [rows, columns]; all of them where a grid does not say otherwise."""
        return np.ones((self.rows, self.columns), np.bool_)


@dataclass(frozen=True)
class GridKind:
    """A grid that can be asked for.

    Attributes:
        settings: its section of the configuration.
        pixels: the compiled function that tells the pixels of directions. Its arguments are `Grid.parameters`; η and φ,
            float32 [n]; and the pixels int32 [n], which it fills: row · columns + column, `OUTSIDE` outside the grid.
    """

    settings: type[Grid]
    pixels: Callable[[Float32, Float32, Float32, Index], None]


GRIDS = Registry("data_prep.grids", "GRID", GridKind)
"""All grids, by the `kind` of the configuration."""
