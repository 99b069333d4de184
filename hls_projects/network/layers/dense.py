"""A dense layer with quantized weights."""

from __future__ import annotations

from hls_projects.network import integer_ops as ops
from hls_projects.network.integer_ops import Integers
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.products import Products


class Dense(Products):
    """QKeras' `QDense`; kernel [in, out]."""

    kind = "QDense"
    kernel = "kernel"

    def multiply(self, x: Integers, node: LayerTypes, kernel: Integers) -> Integers:
        """The sums of products, without bias."""
        return ops.dense(x, kernel)


LAYER = Dense()
