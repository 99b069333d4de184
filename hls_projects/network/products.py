"""What layers with weights share: sums of products with constant weights, plus a bias."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights


class Products(Layer):
    """A layer of sums of products."""

    @abstractmethod
    def multiply(self, x: Integers, node: LayerTypes, kernel: Integers) -> Integers:
        """The sums of products of raw integers, without bias."""

    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """The sums, at the fraction of the result."""
        weights, kind = known(node, weights)
        (x, fraction), target = sources[0], node.result.fraction
        total = self.multiply(x, node, weights.kernel) << (target - fraction - kind.fraction)
        if weights.bias is not None and node.bias is not None:
            total = total + (weights.bias << (target - node.bias.fraction))
        return np.asarray(total)


def known(node: LayerTypes, weights: Weights | None) -> tuple[Weights, FixedType]:
    """The weights of a layer that must have some, and the type of its kernel.

    Raises:
        UnsupportedModelError: it has none.
    """
    if weights is None or node.weight is None:
        raise UnsupportedModelError(f"layer '{node.name}' has no weights")
    return weights, node.weight
