"""The topology that the float networks share: blocks of convolution, rectifier, maximum pooling; then dense layers."""

from __future__ import annotations

from collections.abc import Callable

from tensorflow import keras

from models.settings import BlockSettings, ModelSettings

layers = keras.layers

Convolution = Callable[[BlockSettings, int, float, str], keras.layers.Layer]
"""Builds a block's convolution from its settings, input channels, gain of the initial weights and name."""


def network(
    name: str, settings: ModelSettings, shape: tuple[int, int, int], classes: int, convolution: Convolution
) -> keras.Model:
    """A float network; logits out.

    Args:
        name: of the model.
        settings: the topology; its widths are not used.
        shape: rows, columns, channels of the images.
        classes: logits.
        convolution: builds the convolution of a block.

    Raises:
        ValueError: when the image is too small for a kernel or pooling window.
    """
    pixels = keras.Input(shape, name="pixels")
    x = pixels
    for index, block in enumerate(settings.blocks, 1):
        gain = 1 / settings.pixel_scale if index == 1 else 1.0
        x = convolution(block, x.shape[-1], gain, f"block{index}")(x)
        x = layers.ReLU(name=f"block{index}_relu")(x)
        if block.pooling > 1:
            x = layers.MaxPooling2D(block.pooling, name=f"block{index}_pooling")(x)
    x = layers.Flatten(name="flatten")(x)
    for index, dense in enumerate(settings.dense, 1):
        x = layers.Dense(dense.units, kernel_initializer="he_normal", name=f"dense{index}")(x)
        x = layers.ReLU(name=f"dense{index}_relu")(x)
    initial = keras.initializers.VarianceScaling(settings.output.start**2, "fan_avg", "uniform")
    return keras.Model(pixels, layers.Dense(classes, kernel_initializer=initial, name="logits")(x), name=name)
