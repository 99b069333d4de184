"""What a plain layer is: the facets that every file of `hls_projects/network/layers/` fills in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar

from data_prep.registry import Registry
from hls_projects.network.integer_ops import Integers
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Weights

Sources = Sequence[tuple[Integers, int]]
"""What a layer reads: raw integers int64 [vectors, …], and how many of their bits stand behind the point."""


class Layer(ABC):
    """One kind of layer.

    Its methods get the layer of a network as `node`: name, shape, types and geometry. They hold no state.
    """

    kind: ClassVar[str]
    """Its name in `types.json`: that of the Keras class."""

    @abstractmethod
    def integers(self, node: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        """What it computes, one obvious line: the reference of every other form.

        Returns:
            int64 [vectors, …] with the fraction of `node.result`.

        Raises:
            UnsupportedModelError: weights or an image builder that it should have are missing.
            OverflowError: more than 63 bits.
        """


LAYERS = Registry("hls_projects.network.layers", "LAYER", Layer)  # type: ignore[type-abstract]


@cache
def _by_kind() -> Mapping[str, Layer]:
    layers = {layer.kind: layer for layer in LAYERS.values()}
    if len(layers) < len(LAYERS):
        raise TypeError("two files of hls_projects/network/layers have the same `kind`")
    return layers


def plain_layer(kind: str) -> Layer:
    """The plain layer of a kind.

    Raises:
        KeyError: there is none.
    """
    return _by_kind()[kind]
