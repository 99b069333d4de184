"""The float tagger with standard convolutions, the reference for the separable one."""

from __future__ import annotations

from tensorflow import keras

from models.architectures.topology import network
from models.settings import BlockSettings, ModelSettings


def build(settings: ModelSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The topology of `models.architectures.topology` with standard convolutions; logits out."""
    return network("standard", settings, shape, classes, convolution)


def convolution(block: BlockSettings, channels: int, gain: float, name: str) -> keras.layers.Layer:
    """The standard convolution of one block; `gain` multiplies the initial weights, 1 for inputs of unit size."""
    return keras.layers.Conv2D(
        block.filters,
        block.kernel,
        strides=block.stride,
        padding=block.padding,
        kernel_initializer=keras.initializers.VarianceScaling(2 * gain**2, "fan_in"),
        name=name,
    )
