"""The rectifier: nothing below zero."""

from __future__ import annotations

import numpy as np

from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights


class ReLU(Layer):
    """`max(x, 0)`."""

    kind = "ReLU"

    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """Nothing below zero."""
        return np.maximum(sources[0][0], 0)


LAYER = ReLU()
