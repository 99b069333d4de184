"""Lattices of pixels: what of an array belongs to a hexagon, and where a turn or mirror about its centre moves pixels.

A point is (row, column) from the centre of the array: ordinary coordinates on the square lattice, axial ones (q, r) on
the hexagonal one. A turn or a mirror is an integer 2 x 2 matrix; the grids have those of their lattice.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = tuple[tuple[int, int], tuple[int, int]]

IDENTITY: Matrix = ((1, 0), (0, 1))

OUTSIDE = -1
"""In place of the index of a pixel: it lies outside the support."""


def product(a: Matrix, b: Matrix) -> Matrix:
    """The matrix of b, then a.

    >>> product(((0, -1), (1, 0)), ((0, -1), (1, 0)))
    ((-1, 0), (0, -1))
    """
    return tuple(  # type: ignore[return-value]
        tuple(sum(a[i][k] * b[k][j] for k in range(2)) for j in range(2)) for i in range(2)
    )


def powers(turn: Matrix) -> tuple[Matrix, ...]:
    """A turn done never, once, twice, …, up to the last before the full turn.

    >>> len(powers(((0, -1), (1, 0)))), len(powers(((0, -1), (1, 1))))
    (4, 6)
    """
    turns = [IDENTITY]
    while (following := product(turn, turns[-1])) != IDENTITY:
        turns.append(following)
    return tuple(turns)


def hexagon(size: int) -> npt.NDArray[np.bool_]:
    """The pixels of an array that belong to the hexagon about its centre: bool [size, size].

    >>> hexagon(3).astype(int).tolist()
    [[0, 1, 1], [1, 1, 1], [1, 1, 0]]

    Raises:
        ValueError: an even size, with which the hexagon would have no pixel in its middle.
    """
    if size % 2 == 0:
        raise ValueError(f"a hexagon has a pixel in its middle, so its size is odd, not {size}")
    axis = np.arange(size) - size // 2
    inside: npt.NDArray[np.bool_] = np.abs(axis[:, None] + axis[None, :]) <= size // 2
    return inside


def moved(matrix: Matrix, support: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Where every pixel of a square array goes when it is moved about the centre.

    Args:
        matrix: turn or mirror; it moves the support onto itself.
        support: bool [size, size], the pixels of the array that belong to it.

    Returns:
        int64 [size, size]: row · size + column of the place; `OUTSIDE` for pixels that do not belong to it.

    >>> moved(((0, -1), (1, 0)), np.ones((2, 2), bool)).tolist()
    [[2, 0], [3, 1]]
    """
    size = len(support)
    axis = 2 * np.arange(size) - (size - 1)  # doubled, so that the centre of an even array is no pixel but a number
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    rows, columns = np.moveaxis((points @ np.array(matrix).T + size - 1) // 2, -1, 0)
    return np.where(support, rows * size + columns, OUTSIDE)
