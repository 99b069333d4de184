"""Maximum pooling on the hexagonal grid: a pixel and its six neighbours, around every second pixel.

A rectangular window on skewed axes is no hexagon, and turning the image by 60° would not turn it into itself.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras

SIZE = 3
"""Rows and columns of the array that holds the seven pixels."""
STRIDE = 2
"""Every second pixel along both axes."""


class HexagonalMaxPooling2D(keras.layers.Layer):  # type: ignore[misc]
    """The maximum of the seven pixels around every `strides`-th one, windows inside the array.

    Args:
        strides: along both axes, pixels.
        options: those of a Keras layer.
    """

    def __init__(self, strides: int = STRIDE, **options: Any) -> None:
        super().__init__(**options)
        self.strides = strides

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments of the layer, for model files."""
        return dict(super().get_config()) | {"strides": self.strides}

    def call(self, inputs: Any) -> Any:
        """The larger maximum of two windows of 2 x 2 pixels, shifted by one, which together cover the seven pixels.

        With `tf.split`, because the gradient of a slice is several times slower.
        """
        strides = self.strides
        offset_by_one = [tf.split(inputs, [1, inputs.shape[axis] - 1], axis=axis)[1] for axis in (1, 2)]
        return tf.maximum(*(tf.nn.max_pool2d(shifted, SIZE - 1, strides, "VALID") for shifted in offset_by_one))
