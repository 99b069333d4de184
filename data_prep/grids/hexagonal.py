"""Hexagonal pixels around the image's centre."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from data_prep.grids.grid import OUTSIDE, Extent, Float64, Grid, GridKind
from data_prep.grids.lattice import Matrix, hexagon
from data_prep.system.compiled import compiled, inlined

Float32 = npt.NDArray[np.float32]

_HALF_SQRT_3 = np.sqrt(3) / 2
_ZERO, _ONE, _TWO, _THREE, _HALF = (np.float32(x) for x in (0, 1, 2, 3, 0.5))


class HexagonalGrid(Grid):
    """Regular hexagons around the image's centre, `rings` of them around the one in the middle.

    The array is skewed: row and column, counted from the middle, are the axial coordinates q and r, and the pixel
    (q, r) has its centre at pitch · (q (1, 0) + r (1/2, √3/2)) in (η, φ). So the six neighbours of a pixel are at
    ±(1, 0), ±(0, 1) and ±(1, -1); a turn of the jet by 60° from η to φ moves pixel (q, r) to (-r, q + r), and the
    mirror images in φ and in η are (q + r, -r) and (-q - r, r). Of the array only |q + r| <= rings belongs to the
    hexagon, see `mask`; the other pixels are never lit.

    A direction belongs to the nearest centre; on a border, of the equally near ones to that of the largest q, and then
    of the largest r. (The rule knows no angle, so a turned jet may lie in another pixel where it lies on a border.)
    Source of the coordinates: E. Hoogeboom et al., HexaConv, arXiv:1803.02108, section 3.
    """

    turn: ClassVar[Matrix] = ((0, -1), (1, 1))
    """What a turn by 60° from η to φ does to (q, r)."""
    mirror: ClassVar[Matrix] = ((1, 1), (0, -1))
    """What a mirror image in φ does to them."""
    kind: Literal["hexagonal"]
    """The shape of the pixels."""
    rings: int = Field(ge=1, le=127)
    """Rings of pixels around the one in the middle; the array has 2 rings + 1 rows and columns."""
    pitch: float = Field(gt=0, le=2)
    """Distance of the centres of neighbours, in units of η and radians of φ."""

    @property
    def rows(self) -> int:
        """Values of q."""
        return 2 * self.rings + 1

    @property
    def columns(self) -> int:
        """Values of r."""
        return 2 * self.rings + 1

    @property
    def parameters(self) -> Float32:
        """What the compiled kernel needs: pixels per unit of η, rows per unit of φ, rings."""
        return np.array([1 / self.pitch, 1 / (self.pitch * _HALF_SQRT_3), self.rings], dtype=np.float32)

    def mask(self) -> npt.NDArray[np.bool_]:
        """The pixels that belong to the hexagon: bool [rows, columns].

        >>> HexagonalGrid(kind="hexagonal", rings=1, pitch=0.1).mask().astype(int).tolist()
        [[0, 1, 1], [1, 1, 1], [1, 1, 0]]
        """
        return hexagon(self.rows)

    def centres(self) -> tuple[Float64, Float64]:
        """η and φ of the pixel centres, relative to the image's centre: two float64 [rows, columns].

        >>> [round(float(angle[1, 2]), 3) for angle in HexagonalGrid(kind="hexagonal", rings=1, pitch=0.2).centres()]
        [0.1, 0.173]
        """
        q, r = self._axial()
        return self.pitch * (q + r / 2), self.pitch * _HALF_SQRT_3 * r

    @property
    def extent(self) -> Extent:
        """What the corners of the outermost hexagons reach, relative to the image's centre."""
        phi, eta = self.pitch * (_HALF_SQRT_3 * self.rings + 1 / np.sqrt(3)), self.pitch * (self.rings + 0.5)
        return -phi, phi, -eta, eta

    def outline(self) -> tuple[Float64, Float64]:
        """The corners of a pixel about its centre, η and φ: two float64 [6]."""
        angle = np.pi / 6 + np.arange(6) * np.pi / 3
        size = self.pitch / np.sqrt(3)
        return size * np.cos(angle), size * np.sin(angle)

    def _axial(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        axis = np.arange(-self.rings, self.rings + 1)
        q, r = np.meshgrid(axis, axis, indexing="ij")
        return q, r


@compiled
def _pixels(parameters: Float32, eta: Float32, phi: Float32, index: npt.NDArray[np.int32]) -> None:
    per_unit, rows_per_unit, rings = parameters[0], parameters[1], parameters[2]
    for i in range(index.size):
        index[i] = _pixel(per_unit, rows_per_unit, rings, eta[i], phi[i])


@inlined
def _pixel(
    per_unit: np.float32, rows_per_unit: np.float32, rings: np.float32, eta: np.float32, phi: np.float32
) -> np.int32:
    r = phi * rows_per_unit
    q = eta * per_unit - _HALF * r
    low_q, low_r = np.floor(q), np.floor(r)
    f, g = q - low_q, r - low_r
    # squared distances from the corners of the rhombus, less that from its lower corner
    one, other, far = _ONE - _TWO * f - g, _ONE - f - _TWO * g, _THREE - _THREE * (f + g)
    best = _ZERO
    up_q, up_r = _ZERO, _ZERO
    up_r = _ONE if other <= best else up_r
    best = other if other <= best else best
    up_q, up_r = (_ONE if one <= best else up_q), (_ZERO if one <= best else up_r)
    best = one if one <= best else best
    up_q, up_r = (_ONE if far <= best else up_q), (_ONE if far <= best else up_r)
    low_q, low_r = low_q + up_q, low_r + up_r
    inside = (abs(low_q) <= rings) & (abs(low_r) <= rings) & (abs(low_q + low_r) <= rings)
    return np.int32((low_q + rings) * (_TWO * rings + _ONE) + low_r + rings) if inside else OUTSIDE


GRID = GridKind(HexagonalGrid, _pixels)
