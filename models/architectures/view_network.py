"""The tagger that applies the same filters to all turned and mirrored copies of an image.

The maps of all copies are concatenated before the dense layers, which learn how to combine them; the network is not
invariant by construction, as those of `models.architectures.group_network` are.

Source: S. Dieleman, K. Willett and J. Dambre, arXiv:1503.07077, section 5 and figure 4.
"""

from __future__ import annotations

from typing import Any

from tensorflow import keras

from models.architectures.block_layers import convolution, pooling
from models.architectures.block_shapes import block_sizes
from models.architectures.number_format import NumberFormat
from models.layers.view_layers import ViewConv2D, ViewDense, ViewSeparableConv2D
from models.settings import ModelSettings
from models.symmetry.groups import Group


def build(
    settings: ModelSettings, shape: tuple[int, int, int], classes: int, group: Group, number_format: NumberFormat
) -> keras.Model:
    """The network; logits out.

    Args:
        settings: topology and widths.
        shape: rows, columns, channels of the images.
        classes: logits.
        group: one view for each of its elements.
        number_format: float or quantized.

    Raises:
        ConfigurationError: a block that would sample a turned image at other places.
        ValueError: when the image is too small for a kernel or pooling window.
    """
    pixels = keras.Input(shape, name="pixels")
    x: Any = number_format.port(settings.input, pixels)
    for index, (block, _, _) in enumerate(list(block_sizes(settings, shape[0], group)), 1):
        gain = 1 / settings.pixel_scale if index == 1 else 1.0
        options = {"gain": gain, "name": f"block{index}"}
        views = convolution(ViewConv2D, ViewSeparableConv2D, block, group, number_format, **options)(x)
        layers_after = [number_format.rectifier(block.activation, f"block{index}_relu")]
        if block.pooling > 1:
            layers_after.append(pooling(block, group, f"block{index}_pooling"))
        for layer in layers_after:
            views = [layer(view) for view in views]
        x = views
    for index, dense in enumerate(settings.dense, 1):
        if index == 1:
            x = ViewDense(dense.units, group.name, **number_format.matrix(dense), name="dense1")(x)
        else:
            x = number_format.dense(dense, f"dense{index}")(x)
        x = number_format.rectifier(dense.activation, f"dense{index}_relu")(x)
    if settings.dense:
        logits = number_format.logits(settings.output, classes)(x)
    else:
        gain, widths = settings.output.start, number_format.matrix(settings.output)
        logits = ViewDense(classes, group.name, gain=gain, **widths, name="logits")(x)
    return keras.Model(pixels, logits, name="views")
