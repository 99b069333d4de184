"""A small U-Net, float or quantized, with separable convolutions and a 1 × 1 convolution as head of every output.

Source: O. Ronneberger, P. Fischer, T. Brox, arXiv:1505.04597, figure 1: convolutions and 2 × 2 maximum pooling down,
a doubling of the image and the concatenation with the level of the way down up. Here with padding, so that the output
has the input's size, and without batch normalisation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import qkeras
from tensorflow import keras

from data_prep.errors import ConfigurationError
from models.events.settings import EventModelSettings, UNetSettings
from models.layers.transposed import QuantizedConv2DTranspose
from models.quantization import quantizers

KL = keras.layers


INITIAL_PROBABILITY = {"heat": 0.01}
"""The initial probability of outputs that are logits of something rare; 1/2 for all others. If the probability of a jet
centre started at 1/2, training would first only bring it down (Lin et al. 2017, arXiv:1708.02002, section 4.1)."""


def build(
    settings: EventModelSettings, shape: tuple[int, int, int], heads: Mapping[str, int], *, quantized: bool
) -> keras.Model:
    """The network; every head has an output [rows, columns, channels].

    Args:
        settings: topology and widths.
        shape: rows, columns, channels of the image.
        heads: channels of every output, by name.
        quantized: whether with QKeras layers. The names and weights of the layers are the same either way.

    Raises:
        ConfigurationError: when the depth does not divide the image.
    """
    unet = settings.unet
    step = 2 ** (len(unet.widths) - 1)
    if shape[0] % step or shape[1] % step:
        raise ConfigurationError(
            f"a U-Net of {len(unet.widths)} levels halves the image {len(unet.widths) - 1} times, which "
            f"{shape[0]} x {shape[1]} pixels do not allow: both must be multiples of {step}",
            remedy="use fewer 'unet.widths' in model.yaml, or another 'grid' or 'wrap' in images.yaml",
        )
    layers = _Layers(unet, quantized)
    image = keras.Input(shape, name="image")
    x = layers.port(settings, image)
    gain = 1 / settings.pixel_scale
    skips = []
    for level, filters in enumerate(unet.widths):
        if level:
            x = KL.MaxPooling2D(2, name=f"down{level}_pooling")(x)
        for number in range(unet.convolutions):
            is_first = level == number == 0
            x = layers.block(f"down{level}_{number}", x, filters, full=is_first, gain=gain if is_first else 1.0)
        skips.append(x)
    for level in reversed(range(len(unet.widths) - 1)):
        filters = unet.widths[level]
        x = layers.doubled(f"up{level}", x, filters)
        x = KL.Concatenate(name=f"up{level}_skip")([x, skips[level]])
        for number in range(unet.convolutions):
            x = layers.block(f"up{level}_{number}", x, filters)
    outputs = [layers.head(name, x, channels) for name, channels in heads.items()]
    return keras.Model(image, outputs if len(outputs) > 1 else outputs[0], name="unet")


class _Layers:
    """The layers of the float or of the quantized form."""

    def __init__(self, settings: UNetSettings, quantized: bool) -> None:
        self.settings = settings
        self.quantized = quantized

    def port(self, settings: EventModelSettings, x: Any) -> Any:
        """The input, quantized."""
        if not self.quantized:
            return x
        return qkeras.QActivation(str(quantizers.unsigned(settings.input)), name="input_quantizer")(x)

    def block(self, name: str, x: Any, filters: int, *, full: bool = False, gain: float = 1.0) -> Any:
        """A convolution and a rectifier."""
        kernel = self.settings.kernel
        common = {"padding": "same", "name": name}
        if full or self.settings.convolution == "full":
            initial = keras.initializers.VarianceScaling(2 * gain**2, "fan_in")
            convolution = qkeras.QConv2D if self.quantized else KL.Conv2D
            x = convolution(filters, kernel, kernel_initializer=initial, **self._weights({"kernel": -1}), **common)(x)
        else:
            channels = x.shape[-1]
            convolution = qkeras.QSeparableConv2D if self.quantized else KL.SeparableConv2D
            # Keras takes the fan-in of a depthwise kernel as if it summed over the channels, which it does not.
            x = convolution(
                filters,
                kernel,
                depthwise_initializer=keras.initializers.VarianceScaling(gain**2 * channels, "fan_in"),
                pointwise_initializer="he_normal",
                **self._weights({"depthwise": -2, "pointwise": -1}),
                **common,
            )(x)
        return self.rectified(name, x)

    def doubled(self, name: str, x: Any, filters: int) -> Any:
        """The image with twice the rows and columns."""
        if self.settings.up == "upsampling":
            return self.block(f"{name}_doubled", KL.UpSampling2D(2, name=f"{name}_upsampling")(x), filters)
        convolution = QuantizedConv2DTranspose if self.quantized else KL.Conv2DTranspose
        # Every output sums over a quarter of the kernel.
        initial = keras.initializers.VarianceScaling(2 * 4 * filters / (4 * x.shape[-1]), "fan_in")
        weights = self._weights({"kernel": -2})
        x = convolution(filters, 2, strides=2, kernel_initializer=initial, **weights, name=f"{name}_doubled")(x)
        return self.rectified(f"{name}_doubled", x)

    def rectified(self, name: str, x: Any) -> Any:
        """A rectifier."""
        if not self.quantized:
            return KL.ReLU(name=f"{name}_relu")(x)
        return qkeras.QActivation(str(quantizers.unsigned(self.settings.activation)), name=f"{name}_relu")(x)

    def head(self, name: str, x: Any, channels: int) -> Any:
        """One output."""
        convolution = qkeras.QConv2D if self.quantized else KL.Conv2D
        probability = INITIAL_PROBABILITY.get(name, 0.5)
        start = keras.initializers.Constant(math.log(probability / (1 - probability)))
        x = convolution(channels, 1, bias_initializer=start, **self._weights({"kernel": -1}), name=name)(x)
        if not self.quantized:
            return x
        return qkeras.QActivation(str(quantizers.signed(self.settings.output)), name=f"{name}_output")(x)

    def _weights(self, axes: Mapping[str, int]) -> dict[str, Any]:
        """The quantizers of kernels, by the axis along which their output channels lie, and of the bias."""
        if not self.quantized:
            return {}
        width = self.settings.weights  # no list
        arguments = {
            f"{name}_quantizer": quantizers.weights(width, "unet.weights", 0, axis) for name, axis in axes.items()
        }
        return arguments | {"bias_quantizer": quantizers.signed(self.settings.bias)}
