"""The two networks of an architecture with a symmetry: float, and quantized from its weights."""

from __future__ import annotations

from collections.abc import Callable

from tensorflow import keras

from models.architectures.architecture import HARDWARE, Builder, NetworkDefinition
from models.architectures.equal_size import Size, equalised
from models.architectures.number_format import NumberFormat
from models.settings import ModelSettings
from models.symmetry.configured_group import group_of
from models.symmetry.groups import Group

FLOAT_SYMMETRIC = "float_symmetric"
"""The name of the float counterpart of a network with a symmetry."""

Shape = tuple[int, int, int]
Build = Callable[[ModelSettings, Shape, int, Group, NumberFormat], keras.Model]
SizeOf = Callable[[ModelSettings, Shape, int, Group], Size]


def float_and_quantized(
    settings: ModelSettings, grid: str, build: Build, size: SizeOf
) -> tuple[NetworkDefinition, ...]:
    """The float network and the quantized one, of the size that the settings ask for.

    Args:
        settings: of the plain network, with the name of the symmetry.
        grid: kind of the pixel grid.
        build: builds the network from settings, image shape, classes, group and numbers.
        size: the size of such a network.
    """
    symmetry = settings.symmetry
    build_float = _builder(grid, build, size, NumberFormat(quantized=False))
    build_quantized = _builder(grid, build, size, NumberFormat(quantized=True))
    return (
        NetworkDefinition(FLOAT_SYMMETRIC, f"float {symmetry}", build_float),
        NetworkDefinition(HARDWARE, f"quantized {symmetry}", build_quantized, True, FLOAT_SYMMETRIC),
    )


def _builder(grid: str, build: Build, size: SizeOf, number_format: NumberFormat) -> Builder:
    def build_equalised(settings: ModelSettings, shape: Shape, classes: int) -> keras.Model:
        group = group_of(settings.symmetry, grid, shape)
        settings = equalised(settings, shape, classes, lambda trial: size(trial, shape, classes, group))
        return build(settings, shape, classes, group, number_format)

    return build_equalised
