"""The average of every window of an image."""

from __future__ import annotations

from hls_projects.network import integer_ops as ops
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights


class AveragePooling(Layer):
    """Keras' `AveragePooling2D` over 2, 4, 8, … pixels, windows inside the image: a sum with more fraction bits."""

    kind = "AveragePooling2D"

    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """The sum over each window; the division is in the fraction of the result."""
        return ops.sum_pool(sources[0][0], node.window, node.strides)


LAYER = AveragePooling()
