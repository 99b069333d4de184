"""What layers share whose kernels are made of smaller base filters: quantize the filters first, then move them.

A weight that is quantized and then moved is the same as one that is moved and then quantized, so the bank of a
quantized filter lies on the quantizer's grid; the bias is one number an output, whatever the turn.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from qkeras.quantizers import BaseQuantizer, get_quantizer
from tensorflow import keras

from models.groups import GROUPS, Group, Indices

EPSILON = 1e-3
"""Added to the variance by the batch normalisation, as Keras does."""


class FilterLayer(keras.layers.Layer):  # type: ignore[misc]
    """Base of the layers: weights, quantizers and configuration; a subclass says which filters and what they do.

    Args:
        filters: outputs for every element of the group.
        group: name of the group.
        quantizers: QKeras quantizer of every base filter in order, as text; None leaves it in float.
        bias_quantizer: that of the bias.
        gain: factor on the initial weights, 1 for inputs of unit size.
        normalise: batch normalisation with one mean, variance, scale and shift an output, tied over space and group;
            it is folded into the last base filter and the bias before these are quantized.
        momentum: share of the moving mean and variance that a training step keeps.
    """

    def __init__(
        self,
        filters: int,
        group: str,
        quantizers: tuple[str | None, ...],
        *,
        bias_quantizer: str | None = None,
        gain: float = 1.0,
        normalise: bool = False,
        momentum: float = 0.99,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters = filters
        self.group_name = group
        self.gain = gain
        self.normalise = normalise
        self.momentum = momentum
        self.quantizer_texts = dict(enumerate(quantizers))
        self.bias_text = bias_quantizer
        self.weight_quantizers = [None if text is None else get_quantizer(text) for text in quantizers]
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
        """The arguments that the layer was made with, for model files."""
        own = {"filters": self.filters, "group": self.group_name, "bias_quantizer": self.bias_text, "gain": self.gain}
        return dict(super().get_config()) | own | {"normalise": self.normalise, "momentum": self.momentum}

    def add_filter(self, name: str, shape: tuple[int, ...], gain: float = 1.0) -> tf.Variable:
        """A base filter; its last axes are inputs and outputs, all before them and the inputs are the fan-in."""
        quantizer = self.weight_quantizers[len(self.trainable_weights)]
        limit = None if quantizer is None or self.normalise else _Limit(quantizer)
        initializer = keras.initializers.VarianceScaling(2 * gain**2, "fan_in")
        return self.add_weight(name, shape, initializer=initializer, constraint=limit)

    def add_outputs(self) -> None:
        """The bias and, where asked for, the batch normalisation: one number an output each."""
        limit = None if self.bias_quantizer_internal is None or self.normalise else _Limit(self.bias_quantizer_internal)
        self.bias = self.add_weight("bias", (self.filters,), initializer="zeros", constraint=limit)
        if self.normalise:
            self.scale = self.add_weight("gamma", (self.filters,), initializer="ones")
            self.mean = self.add_weight("moving_mean", (self.filters,), initializer="zeros", trainable=False)
            self.variance = self.add_weight("moving_variance", (self.filters,), initializer="ones", trainable=False)

    def base_filters(self) -> list[Any]:
        """The variables of the base filters in order."""
        raise NotImplementedError

    def linear(self, inputs: Any, filters: list[Any]) -> Any:
        """The layer without its bias; [..., outputs] at the end of every tensor."""
        raise NotImplementedError

    def used(self, inputs: Any = None, training: bool = False) -> tuple[list[Any], Any]:
        """Filters and bias as the layer uses them: with the batch normalisation folded in, quantized.

        Args:
            inputs: of the call; in training the batch normalisation takes mean and variance from them.
            training: whether it is.

        Returns:
            The base filters in order, and the bias [filters].
        """
        filters: list[Any] = [tf.convert_to_tensor(each) for each in self.base_filters()]
        bias = tf.convert_to_tensor(self.bias)
        if self.normalise:
            mean, variance = self._moments(inputs, filters) if training else (self.mean, self.variance)
            factor = self.scale / tf.sqrt(variance + EPSILON)
            filters[-1] = filters[-1] * factor
            bias = bias - mean * factor
        quantized = [
            each if quantizer is None else quantizer(each)
            for quantizer, each in zip(self.weight_quantizers, filters, strict=True)
        ]
        return quantized, bias if self.bias_quantizer_internal is None else self.bias_quantizer_internal(bias)

    def _moments(self, inputs: Any, filters: list[Any]) -> tuple[Any, Any]:
        """Mean and variance of every output over batch, space and group; the moving ones follow them."""
        outputs = tf.reshape(self.linear(inputs, filters), (-1, self.filters))
        mean, variance = tf.nn.moments(outputs, axes=[0])
        for moving, found in ((self.mean, mean), (self.variance, variance)):
            moving.assign(moving * self.momentum + tf.stop_gradient(found) * (1 - self.momentum))
        return mean, variance


class _Limit(keras.constraints.Constraint):  # type: ignore[misc]
    """Keeps trained weights where their quantizer does not saturate."""

    def __init__(self, quantizer: BaseQuantizer) -> None:
        self.largest = float(quantizer.max())

    def __call__(self, weight: Any) -> Any:
        return tf.clip_by_value(weight, -self.largest, self.largest)


def filled(weights: Any, bank: Indices) -> Any:
    """The weights [number, …] at the places of a bank [places …]: [places …, …], zero where the bank says so."""
    none = tf.zeros_like(weights[:1])
    return tf.gather(tf.concat([weights, none], axis=0), bank)
