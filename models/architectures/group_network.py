"""The tagger that is invariant under rotations of a jet: group convolutions, and a maximum over the group at their end.

The first convolution lifts the image to the group; each following one is over space and group; a dense layer that keeps
the symmetry takes the place of the first fully connected one. A turn of the image then only permutes the group's
elements, which does not change the maximum over them: the logits are equal, in integers too. On a group of one element
(`hex`) this is the plain network with hexagonal filters.

Source: T. Cohen and M. Welling, Group Equivariant Convolutional Networks, arXiv:1602.07576, sections 6 and 8.
"""

from __future__ import annotations

from typing import Any

from tensorflow import keras

from models.architectures.block_layers import convolution, pooling
from models.architectures.block_shapes import block_sizes
from models.architectures.number_format import NumberFormat
from models.layers.group_layers import GroupConv2D, GroupDense, GroupSeparableConv2D
from models.settings import ModelSettings
from models.symmetry.groups import Group

layers = keras.layers


def build(
    settings: ModelSettings, shape: tuple[int, int, int], classes: int, group: Group, number_format: NumberFormat
) -> keras.Model:
    """The network; logits out.

    Args:
        settings: topology and widths; filters and units are those of every element.
        shape: rows, columns, channels of the images.
        classes: logits.
        group: the symmetry.
        number_format: float or quantized.

    Raises:
        ConfigurationError: a block that breaks the symmetry.
        ValueError: when the image is too small for a kernel or pooling window.
    """
    pixels = keras.Input(shape, name="pixels")
    x = number_format.port(settings.input, pixels)
    for index, (block, _, _) in enumerate(list(block_sizes(settings, shape[0], group)), 1):
        gain = 1 / settings.pixel_scale if index == 1 else 1.0
        options = {"lifts": index == 1, "gain": gain, "normalise": settings.normalisation, "name": f"block{index}"}
        x = convolution(GroupConv2D, GroupSeparableConv2D, block, group, number_format, **options)(x)
        x = number_format.rectifier(block.activation, f"block{index}_relu")(x)
        if block.pooling > 1:
            x = pooling(block, group, f"block{index}_pooling")(x)
    for index, dense in enumerate(settings.dense, 1):
        x = GroupDense(dense.units, group.name, lifts=False, **number_format.matrix(dense), name=f"dense{index}")(x)
        x = number_format.rectifier(dense.activation, f"dense{index}_relu")(x)
    if settings.dense:
        logits = number_format.logits(settings.output, classes)(group_maximum(x, group))
    else:
        gain, widths = settings.output.start, number_format.matrix(settings.output)
        output_layer = GroupDense(classes, group.name, lifts=False, gain=gain, **widths, name="logits")
        logits = group_maximum(output_layer(x), group)
    return keras.Model(pixels, logits, name=group.name)


def group_maximum(x: Any, group: Group) -> Any:
    """The maximum over the elements: [elements · channels] to [channels]."""
    if group.order == 1:
        return x
    x = layers.Reshape((group.order, 1, x.shape[-1] // group.order), name="elements")(x)
    x = layers.MaxPooling2D((group.order, 1), name="group_pooling")(x)
    return layers.Flatten(name="flatten")(x)
