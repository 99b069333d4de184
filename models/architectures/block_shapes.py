"""The maps of a network with a symmetry, block by block, before anything of it is built."""

from __future__ import annotations

from collections.abc import Iterator

from models.settings import BlockSettings, ModelSettings
from models.symmetry.choice import broken
from models.symmetry.groups import Group
from models.symmetry.map_geometry import BrokenSymmetryError, convolved, pooled


def block_sizes(settings: ModelSettings, size: int, group: Group) -> Iterator[tuple[BlockSettings, int, int]]:
    """Every block with the rows of its input map and of its output map.

    Args:
        settings: the network.
        size: rows of the image.
        group: what shall be kept.

    Raises:
        ConfigurationError: a block that breaks the symmetry.
        ValueError: an image that is too small.
    """
    for number, block in enumerate(settings.blocks):
        try:
            behind = convolved(group, size, block.kernel, block.stride, block.padding, first=not number)
            behind = pooled(group, behind, block.pooling)
        except BrokenSymmetryError as error:
            raise broken(settings, f"blocks.{number}", str(error)) from None
        yield block, size, behind
        size = behind
