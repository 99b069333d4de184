"""The one geometry of towers: which direction lies in which, where they lie, and the boxes around several of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Towers:
    """Towers around η = 0 and all around in φ, from −π.

    Row = η, ascending; column = φ, ascending. A tower holds its lower border and not its upper one.

    Attributes:
        rows: in η.
        columns: in φ, all around.
        height: of a tower in η; None for squares.
    """

    rows: int
    columns: int
    height: float | None = None

    @property
    def step(self) -> float:
        """Width of a tower in φ (rad)."""
        return 2 * np.pi / self.columns

    @property
    def tall(self) -> float:
        """Height of a tower in η."""
        return self.step if self.height is None else self.height

    @property
    def eta_max(self) -> float:
        """The border of the towers in |η|."""
        return self.rows * self.tall / 2

    def tower_of(self, eta: Floats, phi: Floats) -> npt.NDArray[np.int64]:
        """The tower of each direction: row · columns + column, −1 outside |η| or not finite; φ need not be wrapped.

        >>> towers = Towers(2, 4, 0.087)
        >>> towers.tower_of(np.array([-0.01, 0.0, 0.2]), np.array([-np.pi, np.pi, 0.0])).tolist()
        [0, 4, -1]
        >>> towers.tower_of(np.array([np.nan, 0.0, np.inf]), np.array([0.0, np.nan, np.inf])).tolist()
        [-1, -1, -1]
        """
        with np.errstate(invalid="ignore", over="ignore"):
            row = np.floor(self.row(eta)).astype(np.int64)
            column = np.floor((phi + np.pi) / self.step).astype(np.int64) % self.columns
        inside = (row >= 0) & (row < self.rows) & np.isfinite(eta) & np.isfinite(phi)
        return np.where(inside, row * self.columns + column, -1)

    def centres(self, tower: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """η and φ of the centres of towers."""
        row, column = np.divmod(tower, self.columns)
        return self.eta(row + 0.5), self.phi_unwrapped(column + 0.5)

    def eta(self, row: npt.ArrayLike) -> Floats:
        """η at a place in units of rows; 0.5 is the centre of the first."""
        return np.asarray((np.asarray(row) - self.rows / 2) * self.tall)

    def phi(self, column: npt.ArrayLike) -> Floats:
        """φ at a place in units of columns, in [−π, π)."""
        return turned(self.phi_unwrapped(column))

    def phi_unwrapped(self, column: npt.ArrayLike) -> Floats:
        """φ at a place in units of columns, which may lie beyond the last one."""
        return np.asarray(np.asarray(column) * self.step - np.pi)

    def row(self, eta: npt.ArrayLike) -> Floats:
        """The place of an η, in rows; the inverse of `eta`."""
        return np.asarray(eta) / self.tall + self.rows / 2

    def column(self, phi: npt.ArrayLike) -> Floats:
        """The place of a φ, in columns, in [0, columns)."""
        return np.asarray((np.asarray(phi) + np.pi) / self.step % self.columns)


def turned(phi: npt.ArrayLike) -> Floats:
    """An angle in [−π, π).

    >>> turned([np.pi, -np.pi, 0.0]).round(3).tolist()
    [-3.142, -3.142, 0.0]
    """
    return np.asarray((np.asarray(phi) + np.pi) % (2 * np.pi) - np.pi)


def box_overlap(first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """Intersection over union of boxes (η min, η max, φ min, φ max): float64 [n, m] of [n, 4] and [m, 4].

    φ max may exceed π; boxes are compared at the turn of φ at which their centres are nearest.

    >>> float(box_overlap([[0, 1, 3.0, 4.0]], [[0, 1, 3.0 - 2 * np.pi, 4.0 - 2 * np.pi]]).round(12)[0, 0])
    1.0
    """
    a = np.asarray(first, dtype=np.float64).reshape(-1, 1, 4)
    b = np.asarray(second, dtype=np.float64).reshape(1, -1, 4)
    apart = (a[..., 2] + a[..., 3] - b[..., 2] - b[..., 3]) / 2
    turns = 2 * np.pi * np.round(apart / (2 * np.pi))
    high = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    wide = np.minimum(a[..., 3] - turns, b[..., 3]) - np.maximum(a[..., 2] - turns, b[..., 2])
    shared = np.maximum(high, 0) * np.maximum(wide, 0)
    area = [(x[..., 1] - x[..., 0]) * (x[..., 3] - x[..., 2]) for x in (a, b)]
    union = area[0] + area[1] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
