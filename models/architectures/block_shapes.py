"""The sizes of the maps of a network with a symmetry, block by block, computed without building it."""

from __future__ import annotations

from collections.abc import Iterator

from models.settings import BlockSettings, ModelSettings
from models.symmetry.configured_group import broken_symmetry
from models.symmetry.groups import Group
from models.symmetry.map_geometry import BrokenSymmetryError, convolved, pooled


def block_sizes(settings: ModelSettings, size: int, group: Group) -> Iterator[tuple[BlockSettings, int, int]]:
    """Every block with the rows of its input map and of its output map.

    Args:
        settings: the network.
        size: rows of the image.
        group: the symmetry that must be kept.

    Raises:
        ConfigurationError: a block that breaks the symmetry.
        ValueError: an image that is too small.
    """
    for number, block in enumerate(settings.blocks):
        try:
            size_after = convolved(group, size, block.kernel, block.stride, block.padding, first=not number)
            size_after = pooled(group, size_after, block.pooling)
        except BrokenSymmetryError as error:
            raise broken_symmetry(settings, f"blocks.{number}", str(error)) from None
        yield block, size, size_after
        size = size_after
