"""The same network in float or in quantized numbers: only the quantizers differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import qkeras
from tensorflow import keras

from models.quantization import quantizers
from models.quantization.number_settings import QuantizerSettings, WeightSettings
from models.settings import DenseSettings, OutputSettings


@dataclass(frozen=True)
class NumberFormat:
    """Builds the parts of a network that depend on its number format.

    Attributes:
        quantized: whether numbers have the widths of the settings; else they are float.
    """

    quantized: bool

    def weights(self, width: WeightSettings | QuantizerSettings) -> str | None:
        """The quantizer of weights or biases as text, for layers of this project; their settings contain no lists."""
        if not self.quantized:
            return None
        if isinstance(width, WeightSettings):
            return str(quantizers.weights(width, "", 0))
        return str(quantizers.signed(width))

    def matrix(self, settings: DenseSettings | OutputSettings) -> dict[str, Any]:
        """The quantizers of a dense layer of this project as text, by the arguments that take them."""
        return {"kernel_quantizer": self.weights(settings.weights), "bias_quantizer": self.weights(settings.bias)}

    def port(self, width: QuantizerSettings, pixels: Any) -> Any:
        """The images in the numbers of the network."""
        if not self.quantized:
            return pixels
        return qkeras.QActivation(str(quantizers.unsigned(width)), name="input_quantizer")(pixels)

    def rectifier(self, width: QuantizerSettings, name: str) -> keras.layers.Layer:
        """A rectifier."""
        if not self.quantized:
            return keras.layers.ReLU(name=name)
        return qkeras.QActivation(str(quantizers.unsigned(width)), name=name)

    def dense(self, settings: DenseSettings, name: str) -> keras.layers.Layer:
        """A hidden fully connected layer without its rectifier."""
        return self._dense(settings.units, settings, name)

    def logits(self, settings: OutputSettings, classes: int) -> keras.layers.Layer:
        """The last layer."""
        return self._dense(classes, settings, "logits", settings.start)

    def _dense(
        self, units: int, settings: DenseSettings | OutputSettings, name: str, gain: float = 1.0
    ) -> keras.layers.Layer:
        if not self.quantized:
            initial = keras.initializers.VarianceScaling(2 * gain**2, "fan_in")
            return keras.layers.Dense(units, kernel_initializer=initial, name=name)
        kernel, offset = quantizers.weights(settings.weights, "", 0), quantizers.signed(settings.bias)
        return qkeras.QDense(units, kernel_quantizer=kernel, bias_quantizer=offset, name=name)
