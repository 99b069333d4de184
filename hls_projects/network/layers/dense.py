"""A dense layer with quantized weights."""

from __future__ import annotations

from collections.abc import Sequence

from hls_projects.network import integer_ops as ops
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights
from hls_projects.network.products import Products


class Dense(Products):
    """QKeras' `QDense`; kernel [in, out]."""

    kind = "QDense"
    kernel = "kernel"

    def multiply(self, x: Integers, node: Node, kernel: Integers) -> Integers:
        """The sums of products, without bias."""
        return ops.dense(x, kernel)

    def terms(self, x: Integers, node: Node) -> Integers:
        """The last axis; Keras has it that all others are pixels."""
        return x.reshape(-1, 1, x.shape[-1])

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """One product."""
        return writer.product(inputs[0], *self.reals(node, weights))


LAYER = Dense()
