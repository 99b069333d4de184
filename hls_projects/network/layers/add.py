"""The sum of several tensors of one shape."""

from __future__ import annotations

import numpy as np

from hls_projects.network.integer_ops import Integers
from hls_projects.network.joining import aligned
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights


class Add(Layer):
    """Keras' `Add`."""

    kind = "Add"
    finer = True
    float32 = "sums"

    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """The sum of the inputs with one fraction."""
        return np.asarray(sum(aligned(node, sources)))


LAYER = Add()
