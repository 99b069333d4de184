"""The base of layers whose kernels are made of smaller base filters: quantize the filters first, then move them.

A weight that is quantized and then moved is the same as one that is moved and then quantized, so the bank of a
quantized filter lies on the quantizer's grid; the bias is one number for each output, independent of the turn.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from qkeras.quantizers import BaseQuantizer, get_quantizer
from tensorflow import keras

from models.quantization.channel_quantizer import quantized_bits_by_channel
from models.quantization.quantizer_texts import quantizer_of
from models.symmetry.groups import GROUPS, Group, Indices


class FilterLayer(keras.layers.Layer):  # type: ignore[misc]
    """Base of the layers: weights, quantizers and configuration; a subclass defines filters and their use.

    Args:
        filters: outputs for every element of the group.
        group: name of the group.
        quantizers: QKeras quantizer of every base filter in order, as text, by the name of the layer's argument for it;
            None leaves the filter in float.
        bias_quantizer: that of the bias.
        gain: factor on the initial weights, 1 for inputs of unit size.
    """

    def __init__(
        self,
        filters: int,
        group: str,
        quantizers: dict[str, str | None],
        *,
        bias_quantizer: str | None = None,
        gain: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters = filters
        self.group_name = group
        self.gain = gain
        self.quantizer_texts = quantizers
        self.bias_text = bias_quantizer
        self.weight_quantizers = [None if text is None else quantizer_of(text) for text in quantizers.values()]
        self.bias_quantizer_internal = None if bias_quantizer is None else get_quantizer(bias_quantizer)

    @property
    def group(self) -> Group:
        """The group that turns the filters."""
        return GROUPS[self.group_name]

    @property
    def kernel_quantizer_internal(self) -> BaseQuantizer | None:
        """The quantizer of the first filter, as QKeras' layers name it."""
        return self.weight_quantizers[0]

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments of the layer, for model files."""
        config = {
            "filters": self.filters,
            "group": self.group_name,
            "bias_quantizer": self.bias_text,
            "gain": self.gain,
        }
        texts = {
            name: str(quantizer) if isinstance(quantizer, quantized_bits_by_channel) else text
            for (name, text), quantizer in zip(self.quantizer_texts.items(), self.weight_quantizers, strict=True)
        }
        return dict(super().get_config()) | config | texts

    def add_filter(self, name: str, shape: tuple[int, ...], gain: float = 1.0) -> tf.Variable:
        """A base filter; its last axes are inputs and outputs, all before them and the inputs are the fan-in."""
        limit = self.limit(self.weight_quantizers[len(self.trainable_weights)])
        initializer = keras.initializers.VarianceScaling(2 * gain**2, "fan_in")
        return self.add_weight(name, shape, initializer=initializer, constraint=limit)

    def add_outputs(self) -> None:
        """The bias, one number an output; to be called when all base filters are added."""
        limit = self.limit(self.bias_quantizer_internal)
        self.bias = self.add_weight("bias", (self.filters,), initializer="zeros", constraint=limit)

    def limit(self, quantizer: BaseQuantizer | None) -> keras.constraints.Constraint | None:
        """The constraint that keeps trained weights where their quantizer does not saturate."""
        return None if quantizer is None else _Limit(quantizer)

    def base_filters(self) -> list[Any]:
        """The variables of the base filters, in the order of their quantizers."""
        return list(self.weights[: len(self.weight_quantizers)])

    def factor(self) -> Any:
        """What the weights of the last base filter are multiplied with before they are quantized, one an output."""
        return tf.ones(self.filters)

    def effective_weights(self) -> tuple[list[Any], Any]:
        """Filters and bias as the layer uses them, quantized: the base filters in order, and the bias [filters]."""
        return self.quantized([tf.convert_to_tensor(weights) for weights in self.base_filters()], self.bias)

    def quantized(self, filters: list[Any], bias: Any) -> tuple[list[Any], Any]:
        """These filters and this bias, each quantized."""
        quantized_filters = [
            weights if quantizer is None else quantizer(weights)
            for quantizer, weights in zip(self.weight_quantizers, filters, strict=True)
        ]
        bias = tf.convert_to_tensor(bias)
        return quantized_filters, bias if self.bias_quantizer_internal is None else self.bias_quantizer_internal(bias)


class _Limit(keras.constraints.Constraint):  # type: ignore[misc]
    """Keeps trained weights where their quantizer does not saturate."""

    def __init__(self, quantizer: BaseQuantizer) -> None:
        self.largest = float(quantizer.max())

    def __call__(self, weight: Any) -> Any:
        return tf.clip_by_value(weight, -self.largest, self.largest)


def gather_bank(weights: Any, bank: Indices) -> Any:
    """The weights [number, …] at the places of a bank [places …]: [places …, …], zero where the bank has none."""
    none = tf.zeros_like(weights[:1])
    return tf.gather(tf.concat([weights, none], axis=0), bank)
