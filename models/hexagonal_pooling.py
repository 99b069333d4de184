"""Maximum pooling on the hexagonal grid: a pixel and its six neighbours, around every second pixel.

A rectangular window on skewed axes is no hexagon, and turning the image by 60° would not turn it into itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

from models.groups import GROUPS

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
        """The arguments that the layer was made with, for model files."""
        return dict(super().get_config()) | {"strides": self.strides}

    def call(self, inputs: Any) -> Any:
        """Seven shifted maps and their maximum."""
        rows, columns = (int(size) - SIZE + 1 for size in inputs.shape[1:3])
        step = self.strides
        shifted = [
            inputs[:, top : top + rows : step, left : left + columns : step]
            for top, left in np.argwhere(GROUPS["hex"].support(SIZE)).tolist()
        ]
        return tf.reduce_max(tf.stack(shifted), axis=0)
