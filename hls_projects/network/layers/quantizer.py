"""A quantizer: rounds and saturates to the type that the model gives it."""

from __future__ import annotations

from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights


class Quantizer(Layer):
    """QKeras' `QActivation`, with its activation lowered to a cast."""

    kind = "QActivation"

    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """A cast to the type of the result."""
        return node.result.cast(*sources[0])


LAYER = Quantizer()
