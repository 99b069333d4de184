"""The trigger towers of an event: 0.087 in η, 72 in φ. This is what deposits are summed in and what pixels are."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from data_prep.grids.tower_geometry import Towers
from data_prep.settings import Settings

TOWER_ETA = 0.087
"""Height of a tower, that of the HCAL barrel towers of CMS."""
DEPOSIT_ROWS, TOWER_COLUMNS = 68, 72
"""Towers of simulated deposits: |η| < 2.958, and 5° in φ."""

MAX_INDEX = 1 << 16


class EventGrid(Settings):
    """The towers of an event image, and the columns that it repeats."""

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
    def towers(self) -> Towers:
        """Where the towers lie."""
        return Towers(self.rows, self.columns, self.tower_eta)

    @property
    def eta_max(self) -> float:
        """The border of the grid in |η|."""
        return self.towers.eta_max

    @property
    def step(self) -> tuple[float, float]:
        """Height in η and width in φ (rad) of a tower."""
        return self.tower_eta, self.towers.step


DEPOSIT_GRID = Towers(DEPOSIT_ROWS, TOWER_COLUMNS, TOWER_ETA)
"""The towers of simulated deposits."""
