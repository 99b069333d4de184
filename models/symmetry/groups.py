"""Finite groups of turns and mirrors of a lattice, as integer 2 x 2 matrices, and how they move pixels and filters.

A point of the lattice is (row, column) relative to the centre of an array. On the square grid these are ordinary
coordinates; on the hexagonal grid they are the axial ones (q, r), in which the turn by 60° is (q, r) -> (-r, q + r).
Groups differ only by their matrices, so all code is common to them. Which axis is q and which is r does not matter:
exchanging them exchanges the turn and its inverse.

Sources: T. Cohen and M. Welling, Group Equivariant Convolutional Networks, arXiv:1602.07576, section 4 (p4, p4m);
E. Hoogeboom et al., HexaConv, arXiv:1803.02108, section 4 (p6, p6m on axial coordinates).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.lattice import IDENTITY, OUTSIDE, Matrix, hexagon, moved, powers, product
from data_prep.grids.square import SquareGrid

Lattice = Literal["square", "hexagonal"]
Indices = npt.NDArray[np.int64]

_TURN: dict[Lattice, Matrix] = {"square": SquareGrid.turn, "hexagonal": HexagonalGrid.turn}
_MIRROR: dict[Lattice, Matrix] = {"square": ((1, 0), (0, -1)), "hexagonal": ((0, 1), (1, 0))}


@dataclass(frozen=True)
class Group:
    """A finite group of matrices.

    Attributes:
        name: in configurations and reports.
        lattice: the lattice that it acts on.
        elements: its matrices, the identity first: turns by growing angle, then the same behind the mirror.
    """

    name: str
    lattice: Lattice
    elements: tuple[Matrix, ...]

    @property
    def order(self) -> int:
        """The number of elements."""
        return len(self.elements)

    @cached_property
    def table(self) -> Indices:
        """The Cayley table: int64 [order, order], the index of the product of two elements.

        >>> GROUPS["p4"].table[1].tolist()
        [1, 2, 3, 0]
        """
        index = {element: number for number, element in enumerate(self.elements)}
        return np.array([[index[product(a, b)] for b in self.elements] for a in self.elements])

    @cached_property
    def inverse(self) -> Indices:
        """The index of the inverse of every element: int64 [order]."""
        return np.argwhere(self.table == 0)[:, 1]

    def support(self, size: int) -> npt.NDArray[np.bool_]:
        """Which pixels of an array (size x size) belong to it: all on the square grid, else those of the hexagon.

        >>> [int(GROUPS["p6"].support(size).sum()) for size in (1, 3, 5)]
        [1, 7, 19]

        Raises:
            ValueError: an even size on the hexagonal grid, where the hexagon would have no pixel in its middle.
        """
        if self.lattice == "square":
            return np.ones((size, size), dtype=bool)
        return hexagon(size)

    def sources(self, size: int) -> Indices:
        """The source of every pixel of a turned array.

        An array f is turned by an element g about its centre as (g f)(x) = f(g⁻¹ x).

        Returns:
            int64 [order, size, size]: row · size + column of g⁻¹ x; `OUTSIDE` where x is not in the `support`.
        """
        return _sources(self, size)

    def taps(self, size: int) -> int:
        """The pixels of the `support`."""
        return int(self.support(size).sum())

    def turn_image(self, image: npt.NDArray[Any], element: int) -> npt.NDArray[Any]:
        """Images [..., size, size, channels] turned by one element about their centre; zero outside the support."""
        size = image.shape[-2]
        flat = image.reshape(*image.shape[:-3], size * size, image.shape[-1])
        source = self.sources(size)[element].reshape(-1)
        turned = np.where((source == OUTSIDE)[:, None], 0, np.take(flat, np.maximum(source, 0), axis=-2))
        return turned.reshape(image.shape)

    def turn_features(self, features: npt.NDArray[Any], element: int) -> npt.NDArray[Any]:
        """Maps [..., size, size, order · channels] over group and space, turned: (g f)(x, h) = f(g⁻¹ x, g⁻¹ h).

        Source: Cohen and Welling, equation 15.
        """
        turned = self.turn_image(features, element)
        by_element = turned.reshape(*turned.shape[:-1], self.order, -1)
        return by_element[..., self.table[self.inverse[element]], :].reshape(features.shape)


@cache
def _sources(group: Group, size: int) -> Indices:
    support = group.support(size)
    sources = np.stack([moved(group.elements[back], support) for back in group.inverse])
    sources.setflags(write=False)
    return sources


def _group(name: str, lattice: Lattice, *, turns: bool, mirrored: bool) -> Group:
    elements = powers(_TURN[lattice]) if turns else (IDENTITY,)
    if mirrored:
        elements += tuple(product(element, _MIRROR[lattice]) for element in elements)
    return Group(name, lattice, elements)


GROUPS: dict[str, Group] = {
    group.name: group
    for group in (
        _group("p1", "square", turns=False, mirrored=False),
        _group("p4", "square", turns=True, mirrored=False),
        _group("p4m", "square", turns=True, mirrored=True),
        _group("hex", "hexagonal", turns=False, mirrored=False),
        _group("p6", "hexagonal", turns=True, mirrored=False),
        _group("p6m", "hexagonal", turns=True, mirrored=True),
    )
}
"""Every group by name. `p1` and `hex` contain the identity alone: the plain networks of their lattices."""
