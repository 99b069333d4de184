"""The trigger towers of an event: 0.087 in η, 72 in φ. This is what deposits are summed in and what pixels are."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.settings import Settings

TOWER_ETA = 0.087
"""Height of a tower, that of the HCAL barrel towers of CMS."""
DEPOSIT_ROWS, TOWER_COLUMNS = 68, 72
"""Towers of simulated deposits: |η| < 2.958, and 5° in φ."""

Floats = npt.NDArray[np.float64]
MAX_INDEX = 1 << 16


class EventGrid(Settings):
    """Towers around η = 0 and all around in φ.

    Row = η, ascending; column = φ, ascending from −π. A tower holds its lower border and not its upper one.
    """

    kind: Literal["towers"] = "towers"
    """The shape of the pixels."""
    rows: int = Field(default=56, ge=2, le=256)
    """Towers in η."""
    columns: int = Field(default=TOWER_COLUMNS, ge=4, le=256)
    """Towers in φ."""
    tower_eta: float = Field(default=TOWER_ETA, gt=0, le=1)
    """Height of a tower in η."""
    wrap: int = Field(default=4, ge=0, le=256)
    """Columns that the image repeats on each side, so that plain convolutions see across φ = ±π."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.wrap > self.columns:
            raise ValueError(f"cannot repeat more columns than there are ({self.columns})")
        if self.rows * self.columns > MAX_INDEX:
            raise ValueError(f"{self.rows * self.columns} towers are too many for a 16-bit index")
        return self

    @property
    def eta_max(self) -> float:
        """The border of the grid in |η|."""
        return self.rows * self.tower_eta / 2

    @property
    def tower_phi(self) -> float:
        """Width of a tower in φ (rad)."""
        return 2 * np.pi / self.columns

    @property
    def step(self) -> tuple[float, float]:
        """Height in η and width in φ of a tower."""
        return self.tower_eta, self.tower_phi

    def tower_of(self, eta: Floats, phi: Floats) -> npt.NDArray[np.int64]:
        """The tower of each direction: row · columns + column, −1 outside |η| or not finite; φ need not be wrapped.

        >>> grid = EventGrid(rows=2, columns=4)
        >>> grid.tower_of(np.array([-0.01, 0.0, 0.2]), np.array([-np.pi, np.pi, 0.0])).tolist()
        [0, 4, -1]
        >>> grid.tower_of(np.array([np.nan, 0.0, np.inf]), np.array([0.0, np.nan, np.inf])).tolist()
        [-1, -1, -1]
        """
        with np.errstate(invalid="ignore", over="ignore"):
            row = np.floor(eta / self.tower_eta + self.rows / 2).astype(np.int64)
            column = np.floor((phi + np.pi) / self.tower_phi).astype(np.int64) % self.columns
        inside = (row >= 0) & (row < self.rows) & np.isfinite(eta) & np.isfinite(phi)
        return np.where(inside, row * self.columns + column, -1)

    def centres(self, tower: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """η and φ of the centres of towers."""
        row, column = np.divmod(tower, self.columns)
        return (row + 0.5 - self.rows / 2) * self.tower_eta, (column + 0.5) * self.tower_phi - np.pi


DEPOSIT_GRID = EventGrid(rows=DEPOSIT_ROWS, columns=TOWER_COLUMNS, wrap=0)
"""The towers of simulated deposits."""
