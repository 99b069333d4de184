"""`candidates -> scores` as one network: the image builder is its first layer, in place of the image at the input."""

from __future__ import annotations

import numpy as np

from data_prep.errors import UnsupportedModelError
from hls_projects.blocks.image_builder import PORTS, ImageBuilder
from hls_projects.network.graph import Graph, Node
from hls_projects.network.layers.image import Image
from hls_projects.network.network import Network
from hls_projects.network.port import Port


def compose(builder: ImageBuilder, network: Network) -> Network:
    """A network of candidates: the builder's image, cast to the type of the network's input, then the network.

    Args:
        builder: the image builder.
        network: the lowered model, with one image as its only input.

    Raises:
        UnsupportedModelError: a network that takes something else than the builder's image.
    """
    ports = network.graph.inputs
    if len(ports) != 1 or ports[0].shape != builder.shape:
        shapes = ", ".join(str(list(port.shape)) for port in ports)
        raise UnsupportedModelError(
            f"the image builder makes images {list(builder.shape)}, the network takes {shapes}",
            remedy="train the network on the images of these candidates",
        )
    names = {layer.name for layer in network.graph.layers} | {port.name for port in ports}
    if names & set(PORTS):
        raise UnsupportedModelError(
            f"layer '{min(names & set(PORTS))}' has the name of an input of the image builder", remedy="rename it"
        )
    layers = (_layer(builder, ports[0]), *network.graph.layers)
    graph = network.graph.model_copy(update={"inputs": builder.ports, "layers": layers})
    return Network(graph, network.weights, network.meaning)


def builder_alone(builder: ImageBuilder, port: Port) -> Network:
    """The image builder as a network of its own: what it hands to the input `port` of another is its output."""
    graph = Graph(inputs=builder.ports, outputs=(port,), layers=(_layer(builder, port),))
    return Network(graph, {})


def builder_of(network: Network) -> Node | None:
    """The image builder at the input of a network of candidates; none of another network."""
    first = next(iter(network.graph.layers), None)
    return first if first is not None and first.kind == Image.kind else None


def _layer(builder: ImageBuilder, port: Port) -> Node:
    port_type = port.type
    if port_type.overflow not in ("SAT", "SAT_SYM"):
        raise UnsupportedModelError(
            f"input '{port.name}' of type {port_type} does not saturate, so pixels beyond its range would become "
            "others",
            remedy="quantize the input with saturation",
        )
    largest = port_type.cast(np.array(builder.result.raw_max), builder.result.fraction)
    return Node(
        name=port.name,
        kind=Image.kind,
        source=port.name,
        inputs=PORTS,
        shape=port.shape,
        result=port_type,
        low=0.0,
        high=float(port_type.to_float(largest)),
        builder=builder,
    )
