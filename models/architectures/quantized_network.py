"""The quantized separable tagger: the network that is converted to firmware.

Every number has a stated fixed-point type: pixels at the input port, weights, biases and the output of every rectifier;
in between are exact sums. No scale factors (alpha = 1), no batch normalisation, no softmax.
"""

from __future__ import annotations

import qkeras
from tensorflow import keras

from models.quantization import quantizers
from models.settings import BlockSettings, ModelSettings

layers = keras.layers


def build(settings: ModelSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The network of `separable_network` in QKeras layers of the same names, with a quantizer at the input; logits out.

    Args:
        settings: topology and widths.
        shape: rows, columns, channels of the images.
        classes: logits.

    Raises:
        ConfigurationError: a list of bits that does not have one for every channel.
        ValueError: when the image is too small for a kernel or pooling window.
    """
    pixels = keras.Input(shape, name="pixels")
    x = qkeras.QActivation(str(quantizers.unsigned(settings.input)), name="input_quantizer")(pixels)
    for index, block in enumerate(settings.blocks, 1):
        x = convolution(block, x.shape[-1], index)(x)
        x = qkeras.QActivation(str(quantizers.unsigned(block.activation)), name=f"block{index}_relu")(x)
        if block.pooling > 1:
            x = layers.MaxPooling2D(block.pooling, name=f"block{index}_pooling")(x)
    x = layers.Flatten(name="flatten")(x)
    for index, dense in enumerate(settings.dense, 1):
        x = qkeras.QDense(
            dense.units,
            kernel_quantizer=quantizers.weights(dense.weights, f"dense.{index - 1}.weights", dense.units),
            bias_quantizer=quantizers.signed(dense.bias),
            name=f"dense{index}",
        )(x)
        x = qkeras.QActivation(str(quantizers.unsigned(dense.activation)), name=f"dense{index}_relu")(x)
    logits = qkeras.QDense(
        classes,
        kernel_quantizer=quantizers.weights(settings.output.weights, "output.weights", classes),
        bias_quantizer=quantizers.signed(settings.output.bias),
        name="logits",
    )(x)
    return keras.Model(pixels, logits, name="quantized_separable")


def convolution(block: BlockSettings, channels: int, index: int) -> keras.layers.Layer:
    """The quantized convolution of block `index` (from 1) on `channels` input channels, full or separable."""
    key = f"blocks.{index - 1}"
    common = {
        "strides": block.stride,
        "padding": block.padding,
        "bias_quantizer": quantizers.signed(block.bias),
        "name": f"block{index}",
    }
    pointwise = quantizers.weights(block.pointwise, f"{key}.pointwise", block.filters)
    if block.depthwise is None:
        return qkeras.QConv2D(block.filters, block.kernel, kernel_quantizer=pointwise, **common)
    return qkeras.QSeparableConv2D(
        block.filters,
        block.kernel,
        depthwise_quantizer=quantizers.weights(block.depthwise, f"{key}.depthwise", channels, axis=-2),
        pointwise_quantizer=pointwise,
        **common,
    )
