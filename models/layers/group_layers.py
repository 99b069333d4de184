"""Layers that keep the symmetries of a group: lifting and group convolution, their separable form, and the dense layer.

A map over the group is a tensor [batch, rows, columns, elements · channels], the channels of one element side by side.
Turning the input by g turns these maps and moves the elements (`Group.turn_features`), exactly, in integers too.

Sources: T. Cohen and M. Welling, arXiv:1602.07576, sections 4 and 6; D. Knigge et al., Exploiting Redundancy: Separable
Group Convolutional Networks on Lie Groups, arXiv:2110.13059, section 3 (separable).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import tensorflow as tf
from qkeras.quantizers import BaseQuantizer
from tensorflow import keras

from models.layers.filter_banks import bank, spatial_bank
from models.layers.filter_forms import FullFilter, SeparableFilter, WholeFilter
from models.layers.filter_layer import FilterLayer, gather_bank

EPSILON = 1e-3
"""Added to the variance by the batch normalisation, as Keras does."""


class GroupLayer(FilterLayer, ABC):
    """A layer whose output is a map over the group.

    Args:
        lifts: whether its input is an image, else a map over the group.
        normalise: batch normalisation with one mean, variance, scale and shift an output, tied over space and group;
            it is folded into the last base filter and the bias before these are quantized.
        momentum: share of the moving mean and variance that a training step keeps.
        options: those of `FilterLayer`.
    """

    def __init__(
        self, *arguments: Any, lifts: bool, normalise: bool = False, momentum: float = 0.99, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.lifts = lifts
        self.normalise = normalise
        self.momentum = momentum

    @abstractmethod
    def linear(self, inputs: Any, filters: list[Any]) -> Any:
        """The layer without its bias; [..., outputs]."""

    @property
    def elements_in(self) -> int:
        """Elements of the group in the input."""
        return 1 if self.lifts else self.group.order

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments of the layer, for model files."""
        return super().get_config() | {"lifts": self.lifts, "normalise": self.normalise, "momentum": self.momentum}

    def limit(self, quantizer: BaseQuantizer | None) -> keras.constraints.Constraint | None:
        """None with folded normalisation: then the quantized weights are not the trained ones."""
        return None if self.normalise else super().limit(quantizer)

    def add_outputs(self) -> None:
        """The bias and, with `normalise`, the batch normalisation: one number an output each."""
        super().add_outputs()
        if self.normalise:
            self.scale = self.add_weight("gamma", (self.filters,), initializer="ones")
            self.mean = self.add_weight("moving_mean", (self.filters,), initializer="zeros", trainable=False)
            self.variance = self.add_weight("moving_variance", (self.filters,), initializer="ones", trainable=False)

    def effective_weights(self, inputs: Any = None, training: bool = False) -> tuple[list[Any], Any]:
        """Filters and bias as the layer uses them: with the batch normalisation folded in, quantized.

        Args:
            inputs: of the call; in training the batch normalisation takes mean and variance from them.
            training: whether the call belongs to a training step.

        Returns:
            The base filters in order, and the bias [filters].
        """
        if not self.normalise:
            return super().effective_weights()
        filters: list[Any] = [tf.convert_to_tensor(weights) for weights in self.base_filters()]
        mean, variance = self._moments(inputs, filters) if training else (self.mean, self.variance)
        factor = self.scale / tf.sqrt(variance + EPSILON)
        filters[-1] = filters[-1] * factor
        quantized: tuple[list[Any], Any] = self.quantized(filters, self.bias - mean * factor)
        return quantized

    def factor(self) -> Any:
        """That of the batch normalisation outside of training."""
        return self.scale / tf.sqrt(self.variance + EPSILON) if self.normalise else super().factor()

    def absorb(self) -> None:
        """Fold the batch normalisation into the trained weights: used as they are they then give the same layer."""
        if not self.normalise:
            return
        factor = self.factor()
        last = self.base_filters()[-1]
        last.assign(last * factor)
        self.bias.assign(self.bias - self.mean * factor)
        self.mean.assign(tf.zeros_like(self.mean))
        self.variance.assign(tf.zeros_like(self.variance))
        self.scale.assign(tf.sqrt(self.variance + EPSILON))  # over itself it is 1, to the bit

    def _moments(self, inputs: Any, filters: list[Any]) -> tuple[Any, Any]:
        """Mean and variance of every output over batch, space and group; the moving ones follow them."""
        outputs = tf.reshape(self.linear(inputs, filters), (-1, self.filters))
        mean, variance = tf.nn.moments(outputs, axes=[0])
        for moving, moment in ((self.mean, mean), (self.variance, variance)):
            moving.assign(moving * self.momentum + tf.stop_gradient(moment) * (1 - self.momentum))
        return mean, variance

    def shared(self, bias: Any) -> Any:
        """The bias [filters] for every element: [elements · filters]."""
        return tf.tile(bias, (self.group.order,))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Base filters quantized, then turned, then applied."""
        filters, bias = self.effective_weights(inputs, bool(training))
        return self.linear(inputs, filters) + self.shared(bias)

    def full_bank(self, weights: Any, size: int, *, lifts: bool) -> Any:
        """Weights [taps, elements in, in, out] as the kernel [size, size, elements in · in, elements · out]."""
        places = bank(self.group_name, size, lifts=lifts)
        channels, outputs = weights.shape[-2:]
        kernel = gather_bank(tf.reshape(weights, (-1, channels, outputs)), places)
        kernel = tf.transpose(kernel, (0, 1, 2, 4, 3, 5))
        return tf.reshape(kernel, (size, size, places.shape[2] * channels, places.shape[3] * outputs))


class GroupConv2D(FullFilter, GroupLayer):
    """A convolution over space and group (lifting: from an image to the group)."""

    def build(self, input_shape: Any) -> None:
        """The base filter: [taps, elements in, channels in, filters]."""
        channels = int(input_shape[-1]) // self.elements_in
        taps = self.group.taps(self.kernel_size)
        self.kernel = self.add_filter("kernel", (taps, self.elements_in, channels, self.filters), self.gain)
        self.add_outputs()
        super().build(input_shape)

    def kernel_bank(self, filters: list[Any]) -> Any:
        """The plain kernel [rows, columns, elements in · channels, elements · filters]."""
        return self.full_bank(filters[0], self.kernel_size, lifts=self.lifts)

    def linear(self, inputs: Any, filters: list[Any]) -> Any:
        """The plain convolution with the bank."""
        return tf.nn.conv2d(inputs, self.kernel_bank(filters), self.strides, self.padding.upper())


class GroupSeparableConv2D(SeparableFilter, GroupLayer):
    """A separable group convolution: first over space and group, each channel for itself, then over the channels.

    Its first step does not mix channels (depthwise); in its second the same matrix mixes the channels of every element
    (pointwise). A lifting step has no group in its input, so its depthwise filter is over space alone.
    """

    @property
    def plain_depthwise(self) -> bool:
        """Whether the first step is a depthwise convolution for plain hardware too: the group has one element."""
        return self.group.order == 1

    def build(self, input_shape: Any) -> None:
        """The depthwise filter [taps, elements in, channels] and the pointwise one [channels, filters]."""
        channels = int(input_shape[-1]) // self.elements_in
        taps = self.group.taps(self.kernel_size)
        self.depthwise_kernel = self.add_filter("depthwise_kernel", (taps, self.elements_in, channels), self.gain)
        self.pointwise_kernel = self.add_filter("pointwise_kernel", (channels, self.filters))
        self.add_outputs()
        super().build(input_shape)

    def depthwise_bank(self, filters: list[Any]) -> Any:
        """The plain kernel of the first step.

        Returns:
            [rows, columns, elements in · channels, elements · channels], zero between different channels; for a group
            of one element [rows, columns, channels, 1].
        """
        weights = filters[0]
        if self.plain_depthwise:
            kernel = gather_bank(weights[:, 0], spatial_bank(self.group_name, self.kernel_size))
            return tf.transpose(kernel, (0, 1, 3, 2))
        return self.full_bank(tf.linalg.diag(weights), self.kernel_size, lifts=self.lifts)

    def pointwise_bank(self, filters: list[Any]) -> Any:
        """The plain kernel of the second step: [1, 1, elements · channels, elements · filters], a block an element."""
        blocks = tf.eye(self.group.order)[:, None, :, None] * filters[1][None, :, None, :]
        order, channels = self.group.order, filters[1].shape[0]
        return tf.reshape(blocks, (1, 1, order * channels, order * self.filters))

    def linear(self, inputs: Any, filters: list[Any]) -> Any:
        """Both steps."""
        kernel = self.depthwise_bank(filters)
        if self.plain_depthwise:
            strides = (1, self.strides, self.strides, 1)
            x = tf.nn.depthwise_conv2d(inputs, kernel, strides, self.padding.upper())
        else:
            x = tf.nn.conv2d(inputs, kernel, self.strides, self.padding.upper())
        return tf.nn.conv2d(x, self.pointwise_bank(filters), 1, "VALID")


class GroupDense(WholeFilter, GroupLayer):
    """A dense layer that keeps the symmetry: a group convolution whose kernel is as large as the map.

    Its input is a map [rows, columns, elements · channels] or, behind another one, [elements · channels]; its output is
    [elements · filters], without rows and columns: turning the image only permutes the elements.
    """

    def build(self, input_shape: Any) -> None:
        """The base filter: [taps, elements in, channels in, filters]."""
        channels = int(input_shape[-1]) // self.elements_in
        self.size = int(input_shape[1]) if len(input_shape) == 4 else 1
        taps = self.group.taps(self.size)
        self.kernel = self.add_filter("kernel", (taps, self.elements_in, channels, self.filters), self.gain)
        self.add_outputs()
        super().build(input_shape)

    def kernel_bank(self, filters: list[Any]) -> Any:
        """The plain matrix [rows · columns · elements in · channels, elements · filters]."""
        kernel = self.full_bank(filters[0], self.size, lifts=self.lifts)
        return tf.reshape(kernel, (-1, kernel.shape[-1]))

    def linear(self, inputs: Any, filters: list[Any]) -> Any:
        """The plain matrix product."""
        kernel = self.kernel_bank(filters)
        return tf.reshape(inputs, (-1, kernel.shape[0])) @ kernel
