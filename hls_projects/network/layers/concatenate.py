"""Several tensors one behind the other, along the last axis."""

from __future__ import annotations

import numpy as np

from hls_projects.network.integer_ops import Integers
from hls_projects.network.joining import aligned
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights


class Concatenate(Layer):
    """Keras' `Concatenate` along channels."""

    kind = "Concatenate"
    finer = True

    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """The inputs with one fraction, joined."""
        return np.concatenate(aligned(node, sources), axis=-1)


LAYER = Concatenate()
