"""The two networks of an architecture with a symmetry: float, and quantized from its weights."""

from __future__ import annotations

from collections.abc import Callable

from tensorflow import keras

from models.architectures.architecture import HARDWARE, Builder, Network
from models.architectures.equal_size import Size, equalised
from models.architectures.number_forms import Numbers
from models.settings import ModelSettings
from models.symmetry.choice import group_of
from models.symmetry.groups import Group

FLOAT_SYMMETRIC = "float_symmetric"
"""The name of the float counterpart of a network with a symmetry."""

Shape = tuple[int, int, int]
Build = Callable[[ModelSettings, Shape, int, Group, Numbers], keras.Model]
SizeOf = Callable[[ModelSettings, Shape, int, Group], Size]


def both(settings: ModelSettings, grid: str, build: Build, size: SizeOf) -> tuple[Network, ...]:
    """The float network and the quantized one, of the size that the settings ask for.

    Args:
        settings: of the plain network, with the word of the symmetry.
        grid: kind of the pixel grid.
        build: makes the network from settings, image shape, classes, group and numbers.
        size: what such a network has and does.
    """
    word = settings.symmetry
    floats, quantized = (_builder(grid, build, size, Numbers(quantized=each)) for each in (False, True))
    return (
        Network(FLOAT_SYMMETRIC, f"float {word}", floats),
        Network(HARDWARE, f"quantized {word}", quantized, True, FLOAT_SYMMETRIC),
    )


def _builder(grid: str, build: Build, size: SizeOf, numbers: Numbers) -> Builder:
    def built(settings: ModelSettings, shape: Shape, classes: int) -> keras.Model:
        group = group_of(settings.symmetry, grid, shape)
        settings = equalised(settings, shape, classes, lambda each: size(each, shape, classes, group))
        return build(settings, shape, classes, group, numbers)

    return built
