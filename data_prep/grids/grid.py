"""The pixel grids: which pixel a direction falls into, and where a pixel's centre lies.

A grid is at once the section of the configuration that describes it and the object that knows it. The compiled kernel
sees it as a code and a row of numbers, so that a further grid is one class, one code and one branch of `pixel_of`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Discriminator, Field, Tag, model_validator

from data_prep.grids.lattice import Matrix, hexagon
from data_prep.settings import Settings
from data_prep.system.compiled import compiled, inlined

SQUARE, HEXAGONAL, TOWERS = range(3)

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

Extent = tuple[float, float, float, float]
"""Lowest φ, highest φ, lowest η, highest η: what images are drawn in."""

_HALF_SQRT_3 = np.sqrt(3) / 2


class SquareGrid(Settings):
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
    def centred(self) -> bool:
        """Whether directions are relative to the image's centre."""
        return True

    @property
    def code(self) -> int:
        """The grid's number in the compiled kernel."""
        return SQUARE

    @property
    def parameters(self) -> Float32:
        """What the compiled kernel needs: half width, pixels per unit of η, pixels a side."""
        return np.array([self.half_width, self.pixels / (2 * self.half_width), self.pixels], dtype=np.float32)

    def mask(self) -> npt.NDArray[np.bool_]:
        """The pixels that can be lit, all of them: bool [rows, columns]."""
        return np.ones((self.rows, self.columns), np.bool_)

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


class HexagonalGrid(Settings):
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
    def centred(self) -> bool:
        """Whether directions are relative to the image's centre."""
        return True

    @property
    def code(self) -> int:
        """The grid's number in the compiled kernel."""
        return HEXAGONAL

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
        """The corners of the pixel in the middle, η and φ: two float64 [6], for drawing."""
        angle = np.pi / 6 + np.arange(6) * np.pi / 3
        size = self.pitch / np.sqrt(3)
        return size * np.cos(angle), size * np.sin(angle)

    def _axial(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        axis = np.arange(-self.rings, self.rings + 1)
        q, r = np.meshgrid(axis, axis, indexing="ij")
        return q, r


class TowerGrid(Settings):
    """The towers of a calorimeter, for images of whole events: absolute η and φ, φ all the way round.

    Row = η from -η max up, column = φ from -π up. A tower holds its lower border and not its upper one; φ is periodic,
    so that φ = π and φ = -π are both in column 0, as is every multiple of a turn away.
    """

    kind: Literal["towers"]
    """The shape of the pixels."""
    rows: int = Field(default=56, ge=2, le=512)
    """Towers in η, half of them on each side of 0."""
    columns: int = Field(default=72, ge=4, le=1024)
    """Towers in φ, which go all the way round: 72 are 0.087 wide."""
    eta_step: float | None = Field(default=None, gt=0, le=1)
    """Width of a tower in η; as in φ where nothing is said."""

    @property
    def centred(self) -> bool:
        """Whether directions are relative to the image's centre."""
        return False

    @property
    def step(self) -> tuple[float, float]:
        """Width of a tower in η and in φ (rad)."""
        around = 2 * np.pi / self.columns
        return (around if self.eta_step is None else self.eta_step), around

    @property
    def eta_max(self) -> float:
        """Where the towers end."""
        return self.rows / 2 * self.step[0]

    @property
    def code(self) -> int:
        """The grid's number in the compiled kernel."""
        return TOWERS

    @property
    def parameters(self) -> Float32:
        """What the compiled kernel needs: η max, towers per unit of η, rows, towers per radian, columns."""
        eta, phi = self.step
        return np.array([self.eta_max, 1 / eta, self.rows, 1 / phi, self.columns], dtype=np.float32)

    def mask(self) -> npt.NDArray[np.bool_]:
        """The towers that can be lit, all of them: bool [rows, columns]."""
        return np.ones((self.rows, self.columns), np.bool_)

    def centres(self) -> tuple[Float64, Float64]:
        """η and φ of the centres of the towers: two float64 [rows, columns].

        >>> eta, phi = TowerGrid(kind="towers").centres()
        >>> round(float(eta[-1, 0]), 3), round(float(phi[0, 0]), 3)
        (2.4, -3.098)
        """
        eta = (np.arange(self.rows) + 0.5) * self.step[0] - self.eta_max
        phi = (np.arange(self.columns) + 0.5) * self.step[1] - np.pi
        rows, columns = np.meshgrid(eta, phi, indexing="ij")
        return rows, columns

    @property
    def extent(self) -> Extent:
        """The borders of the towers."""
        return -np.pi, np.pi, -self.eta_max, self.eta_max

    @model_validator(mode="after")
    def _finite_eta(self) -> Self:
        if self.eta_max > 10:
            raise ValueError(f"{self.rows} towers of {self.step[0]:.3g} in η reach |η| = {self.eta_max:.3g}")
        return self


def _kind(value: Any) -> Any:
    """The kind of a grid; square where a configuration does not say."""
    return value.get("kind", "square") if isinstance(value, dict) else getattr(value, "kind", None)


Grid = Annotated[
    Annotated[SquareGrid, Tag("square")]
    | Annotated[HexagonalGrid, Tag("hexagonal")]
    | Annotated[TowerGrid, Tag("towers")],
    Discriminator(
        _kind,
        custom_error_type="unknown_grid",
        custom_error_message="a grid's 'kind' is one of: square, hexagonal, towers",
    ),
]
"""Any of the grids, told apart by its `kind`."""


@compiled
def pixel_of(code: int, parameters: Float32, eta: np.float32, phi: np.float32) -> int:
    """The pixel of a direction: row · columns + column, -1 outside the grid."""
    if code == HEXAGONAL:
        return int(_hexagonal(parameters[0], parameters[1], parameters[2], eta, phi))
    if code == TOWERS:
        return int(_towers(parameters[0], parameters[1], parameters[2], parameters[3], parameters[4], eta, phi))
    return int(_square(parameters[0], parameters[1], parameters[2], eta, phi))


@compiled
def pixels_of(code: int, parameters: Float32, eta: Float32, phi: Float32, index: npt.NDArray[np.int32]) -> None:
    """The pixels of all directions; one loop a grid, so that each is made of vector instructions."""
    a, b, c = parameters[0], parameters[1], parameters[2]
    if code == SQUARE:
        for i in range(index.size):
            index[i] = _square(a, b, c, eta[i], phi[i])
    elif code == HEXAGONAL:
        for i in range(index.size):
            index[i] = _hexagonal(a, b, c, eta[i], phi[i])
    else:
        d, e = parameters[3], parameters[4]
        for i in range(index.size):
            index[i] = _towers(a, b, c, d, e, eta[i], phi[i])


_ZERO, _ONE, _TWO, _THREE, _HALF = (np.float32(x) for x in (0, 1, 2, 3, 0.5))
_OUTSIDE = np.int32(-1)
_PI = np.float32(np.pi)


@inlined
def _square(half: np.float32, per_unit: np.float32, side: np.float32, eta: np.float32, phi: np.float32) -> np.int32:
    row = np.floor((eta + half) * per_unit)
    column = np.floor((phi + half) * per_unit)
    inside = (row >= 0) & (row < side) & (column >= 0) & (column < side)
    return np.int32(row * side + column) if inside else _OUTSIDE


@inlined
def _hexagonal(
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
    return np.int32((low_q + rings) * (_TWO * rings + _ONE) + low_r + rings) if inside else _OUTSIDE


@inlined
def _towers(
    most: np.float32,
    per_unit: np.float32,
    rows: np.float32,
    per_radian: np.float32,
    columns: np.float32,
    eta: np.float32,
    phi: np.float32,
) -> np.int32:
    row = np.floor((eta + most) * per_unit)
    column = np.floor((phi + _PI) * per_radian)
    column = column - columns * np.floor(column / columns)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return np.int32(row * columns + column) if inside else _OUTSIDE
