"""The towers of a calorimeter as the pixels of jet images, which stay where they are."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.grids.grid import OUTSIDE, Extent, Float64, Grid, GridKind
from data_prep.grids.tower_geometry import Towers
from data_prep.system.compiled import compiled, inlined

Float32 = npt.NDArray[np.float32]

_PI = np.float32(np.pi)


class TowerGrid(Grid):
    """The towers of a calorimeter, for images of whole events: absolute η and φ, φ all the way round.

    Row = η from -η max up, column = φ from -π up. A tower holds its lower border and not its upper one; φ is periodic,
    so that φ = π and φ = -π are both in column 0, as is every multiple of a turn away.
    """

    centred: ClassVar[bool] = False
    kind: Literal["towers"]
    """The shape of the pixels."""
    rows: int = Field(default=56, ge=2, le=512)
    """Towers in η, half of them on each side of 0."""
    columns: int = Field(default=72, ge=4, le=1024)
    """Towers in φ, which go all the way round: 72 are 0.087 wide."""
    eta_step: float | None = Field(default=None, gt=0, le=1)
    """Width of a tower in η; as in φ where nothing is said."""

    @property
    def towers(self) -> Towers:
        """Where the towers lie."""
        return Towers(self.rows, self.columns, self.eta_step)

    @property
    def step(self) -> tuple[float, float]:
        """Width of a tower in η and in φ (rad)."""
        return self.towers.tall, self.towers.step

    @property
    def eta_max(self) -> float:
        """Where the towers end."""
        return self.towers.eta_max

    @property
    def parameters(self) -> Float32:
        """What the compiled kernel needs: η max, towers per unit of η, rows, towers per radian, columns."""
        eta, phi = self.step
        return np.array([self.eta_max, 1 / eta, self.rows, 1 / phi, self.columns], dtype=np.float32)

    def centres(self) -> tuple[Float64, Float64]:
        """η and φ of the centres of the towers: two float64 [rows, columns].

        >>> eta, phi = TowerGrid(kind="towers").centres()
        >>> round(float(eta[-1, 0]), 3), round(float(phi[0, 0]), 3)
        (2.4, -3.098)
        """
        return self.towers.centres(np.arange(self.rows * self.columns).reshape(self.rows, self.columns))

    @property
    def extent(self) -> Extent:
        """The borders of the towers."""
        return -np.pi, np.pi, -self.eta_max, self.eta_max

    @model_validator(mode="after")
    def _finite_eta(self) -> Self:
        if self.eta_max > 10:
            raise ValueError(f"{self.rows} towers of {self.step[0]:.3g} in η reach |η| = {self.eta_max:.3g}")
        return self


@compiled
def _pixels(parameters: Float32, eta: Float32, phi: Float32, index: npt.NDArray[np.int32]) -> None:
    most, per_unit, rows = parameters[0], parameters[1], parameters[2]
    per_radian, columns = parameters[3], parameters[4]
    for i in range(index.size):
        index[i] = _pixel(most, per_unit, rows, per_radian, columns, eta[i], phi[i])


@inlined
def _pixel(
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
    return np.int32(row * columns + column) if inside else OUTSIDE


GRID = GridKind(TowerGrid, _pixels)
