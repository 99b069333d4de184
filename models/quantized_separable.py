"""The quantized separable tagger: the network that goes on to hardware.

Every number has a stated fixed-point type: pixels at the input port, weights, biases and the output of every rectifier;
in between stand exact sums. No scale factors (alpha = 1), no batch normalisation, no softmax.
"""

from __future__ import annotations

import qkeras
from tensorflow import keras

from models import quantizers
from models.settings import BlockSettings, ModelSettings

layers = keras.layers


def build(settings: ModelSettings, shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The network of `models.separable` in QKeras layers of the same names, with a quantizer at the input; logits out.

    Args:
        settings: topology and widths.
        shape: rows, columns, channels of the images.
        classes: logits.

    Raises:
        ValueError: when the image is too small for a kernel or pooling window.
    """
    pixels = keras.Input(shape, name="pixels")
    x = qkeras.QActivation(str(quantizers.unsigned(settings.input)), name="input_quantizer")(pixels)
    for index, block in enumerate(settings.blocks, 1):
        x = convolution(block, f"block{index}")(x)
        x = qkeras.QActivation(str(quantizers.unsigned(block.activation)), name=f"block{index}_relu")(x)
        if block.pooling > 1:
            x = layers.MaxPooling2D(block.pooling, name=f"block{index}_pooling")(x)
    x = layers.Flatten(name="flatten")(x)
    for index, dense in enumerate(settings.dense, 1):
        x = qkeras.QDense(
            dense.units,
            kernel_quantizer=quantizers.signed(dense.weights),
            bias_quantizer=quantizers.signed(dense.bias),
            name=f"dense{index}",
        )(x)
        x = qkeras.QActivation(str(quantizers.unsigned(dense.activation)), name=f"dense{index}_relu")(x)
    logits = qkeras.QDense(
        classes,
        kernel_quantizer=quantizers.signed(settings.output.weights),
        bias_quantizer=quantizers.signed(settings.output.bias),
        name="logits",
    )(x)
    return keras.Model(pixels, logits, name="quantized_separable")


def convolution(block: BlockSettings, name: str) -> keras.layers.Layer:
    """The quantized convolution of one block, full or separable."""
    common = {
        "strides": block.stride,
        "padding": block.padding,
        "bias_quantizer": quantizers.signed(block.bias),
        "name": name,
    }
    pointwise = quantizers.signed(block.pointwise)
    if block.depthwise is None:
        return qkeras.QConv2D(block.filters, block.kernel, kernel_quantizer=pointwise, **common)
    return qkeras.QSeparableConv2D(
        block.filters,
        block.kernel,
        depthwise_quantizer=quantizers.signed(block.depthwise),
        pointwise_quantizer=pointwise,
        **common,
    )
