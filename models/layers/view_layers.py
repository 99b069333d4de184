"""Layers of a network that applies the same filters to turned and mirrored copies of an image.

The copies are never made: a filter on the turned image, with its map turned back, is the turned filter on the image.
The maps are not turned back; the dense layer behind them reads each map in the order of its own view.

Source: S. Dieleman, K. Willett and J. Dambre, Rotation-invariant convolutional neural networks for galaxy morphology
prediction, arXiv:1503.07077, section 5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from models.layers.filter_banks import spatial_bank
from models.layers.filter_forms import FullFilter, SeparableFilter, WholeFilter
from models.layers.filter_layer import FilterLayer, gather_bank


class ViewLayer(FilterLayer):
    """A layer between views: a list of maps, one for every element g, of the image seen turned by g⁻¹."""

    def maps(self, inputs: Any) -> list[Any]:
        """The inputs as a list with one map a view; an image alone is the same for all."""
        return list(inputs) if isinstance(inputs, list | tuple) else [inputs] * self.group.order


class ViewConv2D(FullFilter, ViewLayer):
    """One convolution of all views."""

    def build(self, input_shape: Any) -> None:
        """The filters: [taps, channels, filters]."""
        taps = self.group.taps(self.kernel_size)
        self.kernel = self.add_filter("kernel", (taps, _channels(input_shape), self.filters), self.gain)
        self.add_outputs()
        super().build(input_shape)

    def kernels(self, filters: list[Any]) -> list[Any]:
        """The plain kernel [rows, columns, channels, filters] of every view."""
        return list(tf.unstack(gather_bank(filters[0], spatial_bank(self.group_name, self.kernel_size)), axis=2))

    def call(self, inputs: Any) -> list[Any]:
        """A plain convolution a view; of one image all of them at once."""
        filters, bias = self.effective_weights()
        kernels, padding = self.kernels(filters), self.padding.upper()
        if isinstance(inputs, list | tuple):
            pairs = zip(inputs, kernels, strict=True)
            return [tf.nn.conv2d(x, kernel, self.strides, padding) + bias for x, kernel in pairs]
        together = tf.nn.conv2d(inputs, tf.concat(kernels, axis=-1), self.strides, padding)
        return _biased(tf.split(together, len(kernels), axis=-1), bias)


class ViewSeparableConv2D(SeparableFilter, ViewLayer):
    """One separable convolution of all views; only its depthwise step depends on how they are turned."""

    def build(self, input_shape: Any) -> None:
        """The depthwise filter [taps, 1, channels] and the pointwise one [channels, filters]."""
        channels = _channels(input_shape)
        taps = self.group.taps(self.kernel_size)
        self.depthwise_kernel = self.add_filter("depthwise_kernel", (taps, 1, channels), self.gain)
        self.pointwise_kernel = self.add_filter("pointwise_kernel", (channels, self.filters))
        self.add_outputs()
        super().build(input_shape)

    def kernels(self, filters: list[Any]) -> list[Any]:
        """The plain depthwise kernel [rows, columns, channels, 1] of every view."""
        turned = gather_bank(tf.transpose(filters[0], (0, 2, 1)), spatial_bank(self.group_name, self.kernel_size))
        return list(tf.unstack(turned, axis=2))

    def call(self, inputs: Any) -> list[Any]:
        """The depthwise step of all views at once with their channels side by side, then the pointwise one likewise."""
        filters, bias = self.effective_weights()
        strides = (1, self.strides, self.strides, 1)
        kernel = tf.concat(self.kernels(filters), axis=2)
        between = tf.nn.depthwise_conv2d(tf.concat(self.maps(inputs), axis=-1), kernel, strides, self.padding.upper())
        order, (rows, columns) = self.group.order, between.shape[1:3]
        beside = tf.reshape(between, (-1, rows, columns * order, filters[1].shape[0]))
        together = tf.nn.conv2d(beside, filters[1][None, None], 1, "VALID")
        return _biased(tf.unstack(tf.reshape(together, (-1, rows, columns, order, self.filters)), axis=3), bias)


class ViewDense(WholeFilter, ViewLayer):
    """A dense layer on all views side by side, each read in the order of its own view."""

    def build(self, input_shape: Any) -> None:
        """The weights: [views, taps, channels, outputs]."""
        self.size = int(input_shape[0][1])
        shape = (self.group.order, self.group.taps(self.size), _channels(input_shape), self.filters)
        self.kernel = self.add_filter("kernel", shape, self.gain)
        self.add_outputs()
        super().build(input_shape)

    def matrix(self, filters: list[Any]) -> Any:
        """The plain matrix [views · rows · columns · channels, outputs] for the maps that are not turned back."""
        order, taps, channels, outputs = filters[0].shape
        numbers = np.moveaxis(spatial_bank(self.group_name, self.size), -1, 0)
        offsets = np.arange(order)[:, None, None] * taps
        places = np.where(numbers == taps, order * taps, offsets + numbers)
        kernel = gather_bank(tf.reshape(filters[0], (order * taps, channels, outputs)), places)
        return tf.reshape(kernel, (-1, outputs))

    def call(self, inputs: Any) -> Any:
        """The plain matrix product with all maps, one behind the other."""
        filters, bias = self.effective_weights()
        matrix = self.matrix(filters)
        length = matrix.shape[0] // self.group.order
        return tf.concat([tf.reshape(x, (-1, length)) for x in self.maps(inputs)], axis=1) @ matrix + bias


def _biased(views: list[Any], bias: Any) -> list[Any]:
    """The bias added to every view separately.

    This must come last: where a rectifier and pooling follow right behind `tf.split`, the graph optimizer of TensorFlow
    2.15 takes its first output for all of them.
    """
    return [x + bias for x in views]


def _channels(shape: Any) -> int:
    """Channels of an image, or of the first of a list of maps."""
    sizes = shape[0]
    return int((shape if sizes is None or isinstance(sizes, int) else sizes)[-1])
