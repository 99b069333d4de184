"""The image of candidates, as the first layer of a network that takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_prep.errors import UnsupportedModelError
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.emulation import Names, StepWriter
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.interval import Interval
from hls_projects.network.layer import Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class Image(Layer):
    """An image builder (`blocks/image_builder.py`); no Keras layer, `blocks/compose.py` puts it there."""

    kind = "ImageBuilder"
    costly = False

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """The image, cast to the type that the network behind it takes."""
        builder = builder_of(node)
        pt, eta, phi, seed_eta, seed_phi = (x for x, _ in sources)
        return node.result.cast(builder.build(pt, eta, phi, seed_eta, seed_phi), builder.result.fraction)

    def fraction(self, node: Node, sources: Sequence[int]) -> int:
        """That of the network's input, whatever the candidates have."""
        return node.result.fraction

    def interval(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """Any pixel that the builder's type holds."""
        built = builder_of(node).result
        largest = node.result.cast(np.array(built.raw_max), built.fraction)
        full = (1, *node.shape)
        return Interval(np.zeros(full, np.int64), np.full(full, largest), node.result.fraction)

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """The image builder that takes all candidates at once."""
        return writer.image(builder_of(node), node.result, inputs)

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """A step of its own."""
        return writer.build(node, builder_of(node))


def builder_of(node: Node) -> ImageBuilder:
    """The image builder of a node.

    Raises:
        UnsupportedModelError: the layer does not say.
    """
    if node.builder is None:
        raise UnsupportedModelError(f"layer '{node.name}' has no image builder")
    return node.builder


LAYER = Image()
