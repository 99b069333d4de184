"""The group that `symmetry` in `model.yaml` stands for on the grid of the images."""

from __future__ import annotations

from data_prep.errors import ConfigurationError
from models.settings import ModelSettings
from models.symmetry.groups import GROUPS, Group, Lattice

_LATTICES: dict[str, Lattice] = {"square": "square", "hexagonal": "hexagonal"}
_VIEWS: dict[Lattice, str] = {"square": "p4m", "hexagonal": "p6m"}


def group_of(symmetry: str, grid: str, shape: tuple[int, int, int]) -> Group:
    """The group that a network keeps, or whose turns its views are.

    Args:
        symmetry: any value of `symmetry` but `plain`.
        grid: kind of the pixel grid.
        shape: rows, columns, channels of the images.

    Raises:
        ConfigurationError: when images on this grid, or of this shape, cannot be turned by the group.
    """
    lattice = _LATTICES.get(grid)
    if lattice is None:
        raise ConfigurationError(
            f"'symmetry: {symmetry}' needs square or hexagonal pixels around a centre, these images have a grid of "
            f"kind '{grid}'",
            remedy="use 'symmetry: plain'",
        )
    group = GROUPS[_VIEWS[lattice] if symmetry == "views" else symmetry]
    if group.lattice != lattice:
        raise ConfigurationError(
            f"'symmetry: {symmetry}' is for {group.lattice} pixels, these images have {lattice} ones",
            remedy=f"make images with 'kind: {group.lattice}' in images.yaml, or use "
            + ("p6 or p6m" if lattice == "hexagonal" else "p4 or p4m"),
        )
    if shape[0] != shape[1]:
        raise ConfigurationError(
            f"'symmetry: {symmetry}' turns rows into columns, these images have {shape[0]} rows and {shape[1]} columns",
            remedy="make square images, or use 'symmetry: plain'",
        )
    return group


def broken_symmetry(settings: ModelSettings, key: str, reason: str) -> ConfigurationError:
    """The error that names the part of `model.yaml` which breaks the symmetry."""
    return ConfigurationError(f"'{key}' breaks 'symmetry: {settings.symmetry}': {reason}")
