"""The base of layers with weights: sums of products with constant weights, plus a bias."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.network.emulation import Names, StepWriter
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers, shifted
from hls_projects.network.interval import Interval
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.logic import Reals
from hls_projects.network.network import Weights


class Products(Layer):
    """A layer of sums of products."""

    separate: ClassVar[bool] = False
    """Whether a channel of the output reads its own channel alone."""
    finer = True
    float32 = "sums"

    @abstractmethod
    def multiply(self, x: Integers, node: Node, kernel: Integers) -> Integers:
        """The sums of products of raw integers, without bias."""

    @abstractmethod
    def terms(self, x: Integers, node: Node) -> Integers:
        """What each output pixel reads, [pixels, terms, channels], of one input with the zeros around it."""

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """The sums, at the fraction of the result."""
        weights, weight_type = typed_weights(node, weights)
        (x, fraction), target = sources[0], node.result.fraction
        total = self.multiply(x, node, weights.kernel) << (target - fraction - weight_type.fraction)
        if weights.bias is not None and node.bias is not None:
            total = total + (weights.bias << (target - node.bias.fraction))
        return np.asarray(total)

    def reals(self, node: Node, weights: Weights | None) -> tuple[Reals, Reals]:
        """Kernel and bias [out] as real numbers, for logic."""
        weights, weight_type = typed_weights(node, weights)
        bias = np.zeros(node.shape[-1])
        if weights.bias is not None and node.bias is not None:
            bias = node.bias.to_float(weights.bias)
        return weight_type.to_float(weights.kernel), bias

    def fraction(self, node: Node, sources: Sequence[int]) -> int:
        """That of the products, or of the bias."""
        product = sources[0] + (node.weight.fraction if node.weight else 0)
        return max(product, node.bias.fraction if node.bias else product)

    def interval(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """The sums rise with inputs of positive weights and fall with those of negative weights."""
        x, offset = sources[0], _offset(node, weights)
        low = self._extreme(node, weights, x.low, x.high, x.fraction) + offset
        high = self._extreme(node, weights, x.high, x.low, x.fraction) + offset
        return Interval(low, high, node.result.fraction)

    def partial_sums(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """Sums of some of the products, with or without the bias."""
        x, offset, zero = sources[0], _offset(node, weights), np.int64(0)
        low, high = np.minimum(x.low, zero), np.maximum(x.high, zero)
        lowest = self._extreme(node, weights, low, high, x.fraction) + np.minimum(offset, zero)
        highest = self._extreme(node, weights, high, low, x.fraction) + np.maximum(offset, zero)
        return Interval(lowest, highest, node.result.fraction)

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """A step of sums."""
        return writer.sums(node, lambda offset: self.terms(offset, node), separate=self.separate)

    def _extreme(
        self, node: Node, weights: Weights | None, towards: Integers, away: Integers, fraction: int
    ) -> Integers:
        """One end of the sums: positive weights times one end of the inputs, negative weights times the other."""
        weights, weight_type = typed_weights(node, weights)
        positive, negative = np.maximum(weights.kernel, 0), np.minimum(weights.kernel, 0)
        total = self.multiply(towards, node, positive) + self.multiply(away, node, negative)
        return shifted(total, node.result.fraction - fraction - weight_type.fraction)


def _offset(node: Node, weights: Weights | None) -> Integers:
    """The bias at the fraction of the result; zero where there is none."""
    if weights is None or weights.bias is None or node.bias is None:
        return np.zeros(1, np.int64)
    return shifted(weights.bias, node.result.fraction - node.bias.fraction)


def typed_weights(node: Node, weights: Weights | None) -> tuple[Weights, FixedType]:
    """The weights of a layer that must have some, and the type of its kernel.

    Raises:
        UnsupportedModelError: it has none.
    """
    if weights is None or node.weight is None:
        raise UnsupportedModelError(f"layer '{node.name}' has no weights")
    return weights, node.weight
