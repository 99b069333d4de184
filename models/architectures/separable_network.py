"""The float tagger with separable convolutions: the topology of the quantized one, whose training starts from it.

Source: A. Howard et al., MobileNets, arXiv:1704.04861, section 3.1 (here without batch normalisation and with one
rectifier a block, so that depthwise and pointwise step are one linear map). As there, the first block may be a full
convolution.
"""

from __future__ import annotations

from tensorflow import keras

from models.architectures import standard_network
from models.architectures.topology import network
from models.settings import BlockSettings, ModelSettings


def build(settings: ModelSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The topology of `models.architectures.topology` with separable convolutions; logits out."""
    return network("separable", settings, shape, classes, convolution)


def convolution(block: BlockSettings, channels: int, gain: float, name: str) -> keras.layers.Layer:
    """The convolution of one block, separable or full.

    Args:
        block: its topology.
        channels: of its input.
        gain: factor on the initial weights, 1 for inputs of unit size.
        name: of the layer.
    """
    if block.convolution == "full":
        return standard_network.convolution(block, channels, gain, name)
    return keras.layers.SeparableConv2D(
        block.filters,
        block.kernel,
        # Keras takes the fan-in of a depthwise kernel as if it summed over the channels, which it does not.
        depthwise_initializer=keras.initializers.VarianceScaling(gain**2 * channels, "fan_in"),
        pointwise_initializer="he_normal",
        strides=block.stride,
        padding=block.padding,
        name=name,
    )
