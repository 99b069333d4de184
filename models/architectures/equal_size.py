"""Networks of equal size: filters and units of a network with a symmetry, scaled until it is as large as the plain one.

A group convolution with as many filters has more parameters than the plain one (as many times as the group has
elements) and more multiplications (that many times again), so a comparison at equal width would favour it. Cohen and
Welling (arXiv:1602.07576, section 8) divide the filters by the root of the order, which keeps the number of parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from models.architectures.block_shapes import block_sizes
from models.cost import arithmetic
from models.cost import symmetric_arithmetic as symmetric
from models.cost.arithmetic import Cost
from models.layers.window_geometry import Shape
from models.settings import ModelSettings
from models.symmetry.groups import Group

FACTORS = [2 ** (step / 32) for step in range(-6 * 32, 2 * 32 + 1)]
"""Factors by which filters and units may be multiplied, ascending."""


@dataclass(frozen=True)
class Size:
    """The size of a network: its parameters, and its multiplications an image, padded zeros included."""

    parameters: int
    multiplications: int

    @classmethod
    def of(cls, costs: list[Cost]) -> Size:
        """The sum over layers."""
        return cls(sum(cost.parameters for cost in costs), sum(cost.multiplications for cost in costs))


def plain_size(settings: ModelSettings, shape: Shape, classes: int) -> Size:
    """The size of the network of `models.architectures.quantized_network`.

    Raises:
        ValueError: when the image is too small for a kernel or pooling window.
    """
    costs = []
    for block in settings.blocks:
        convolution = arithmetic.convolution if block.depthwise is None else arithmetic.separable
        costs.append(convolution(shape, block.filters, block.kernel, stride=block.stride, padding=block.padding))
        shape = arithmetic.pooling(costs[-1].output_shape, block.pooling).output_shape
    numbers = shape[0] * shape[1] * shape[2]
    for units in (*(dense.units for dense in settings.dense), classes):
        costs.append(arithmetic.dense(numbers, units))
        numbers = units
    return Size.of(costs)


def group_size(settings: ModelSettings, shape: Shape, classes: int, group: Group) -> Size:
    """The size of the network of `models.architectures.group_network`; batch normalisation is folded and not counted.

    Raises:
        ConfigurationError: a block that breaks the symmetry.
        ValueError: when the image is too small for a kernel or pooling window.
    """
    costs = []
    for number, (block, size, size_after) in enumerate(block_sizes(settings, shape[0], group)):
        full = block.depthwise is None
        convolution = symmetric.group_convolution if full else symmetric.separable_group_convolution
        costs.append(
            convolution(
                (size, size, shape[2]),
                block.filters,
                block.kernel,
                group,
                lifts=number == 0,
                stride=block.stride,
                padding=block.padding,
            )
        )
        shape = (size_after, size_after, group.order * block.filters)
    hidden = [dense.units for dense in settings.dense]
    for units in hidden or [classes]:
        costs.append(symmetric.group_dense(shape, units, group))
        shape = (1, 1, group.order * units)
    if hidden:
        costs.append(arithmetic.dense(hidden[-1], classes))
    return Size.of(costs)


def views_size(settings: ModelSettings, shape: Shape, classes: int, group: Group) -> Size:
    """The size of the network of `models.architectures.view_network`.

    Raises:
        ConfigurationError: a block that would sample a turned image at other places.
        ValueError: when the image is too small for a kernel or pooling window.
    """
    costs = []
    for block, size, size_after in block_sizes(settings, shape[0], group):
        costs.append(
            symmetric.views_convolution(
                (size, size, shape[2]),
                block.filters,
                block.kernel,
                group,
                separable=block.depthwise is not None,
                stride=block.stride,
                padding=block.padding,
            )
        )
        shape = (size_after, size_after, block.filters)
    units = [dense.units for dense in settings.dense] + [classes]
    costs.append(symmetric.views_dense(shape, units[0], group))
    costs += [arithmetic.dense(before, after) for before, after in pairwise(units)]
    return Size.of(costs)


def scaled(settings: ModelSettings, factor: float) -> ModelSettings:
    """The same network with all filters and hidden units multiplied by a factor, at least one each."""
    blocks = [block.model_copy(update={"filters": _scaled_number(block.filters, factor)}) for block in settings.blocks]
    dense = [layer.model_copy(update={"units": _scaled_number(layer.units, factor)}) for layer in settings.dense]
    return settings.model_copy(update={"blocks": tuple(blocks), "dense": tuple(dense)})


def equalised(
    settings: ModelSettings, shape: Shape, classes: int, size: Callable[[ModelSettings], Size]
) -> ModelSettings:
    """The settings whose network is nearest in size to the plain one; `settings.equal` says which size is compared.

    Args:
        settings: of the plain network.
        shape: rows, columns, channels of the images.
        classes: logits.
        size: of the network with the symmetry.

    Raises:
        ConfigurationError: a block that breaks the symmetry.
        ValueError: when the image is too small for a kernel or pooling window.
    """
    if settings.equal == "width":
        return settings
    target = getattr(plain_size(settings, shape, classes), settings.equal)

    def amount(factor: float) -> int:
        return int(getattr(size(scaled(settings, factor)), settings.equal))

    low, high = 0, len(FACTORS) - 1
    while high - low > 1:  # the size grows with the factor
        middle = (low + high) // 2
        low, high = (middle, high) if amount(FACTORS[middle]) <= target else (low, middle)
    best = min((FACTORS[low], FACTORS[high]), key=lambda factor: abs(amount(factor) - target))
    return scaled(settings, best)


def _scaled_number(number: int, factor: float) -> int:
    return max(1, round(number * factor))
