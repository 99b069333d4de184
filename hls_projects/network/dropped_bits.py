"""Casts that drop every bit of a number: `ap_fixed` cannot do them where it rounds.

To round, it reads the bit below the step of the target. A source whose bits all lie lower has no such bit, and the
emulation ends in an assertion (`Attempting to read bit beyond MSB`, `ap_fixed_base.h`). Where the source is a result
that may have any type that holds it, it gets bits up to there, which are always 0 or copies of its sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from data_prep.fixed_point import FixedType
from hls_projects.network.graph import Graph, Node
from hls_projects.network.layer import plain_layer


def widened(graph: Graph, declared: Mapping[str, FixedType]) -> Graph:
    """Types that are wide enough for the quantizers that read them.

    Args:
        graph: the nodes, with proven types.
        declared: the types of the model's quantizers, by node; no result of a quantizer is made wider than that.

    Returns:
        the same where nothing is too narrow. A type that cannot be wider, that of an input or what a quantizer of the
        model saturates to, stays as it is; see `unreadable`.
    """
    nodes = {node.name: node for node in graph.layers}
    for name, least in _needs(graph):
        origin = nodes.get(name)
        while origin is not None and plain_layer(origin.kind).moves:
            origin = nodes.get(origin.inputs[0])
        if origin is None or least > 63 - origin.result.fraction:
            continue
        limit = declared.get(origin.name)
        if origin.result.integer < least and (limit is None or least <= limit.integer):
            _widen(nodes, origin, least)
    outputs = (
        port.model_copy(update={"type": nodes[port.name].result}) if port.name in nodes else port
        for port in graph.outputs
    )
    return graph.model_copy(update={"layers": tuple(nodes.values()), "outputs": tuple(outputs)})


def unreadable(graph: Graph) -> Node | None:
    """The first quantizer that drops every bit of what it reads; its output is always 0."""
    types = _types_of(graph)
    needs = {(name, least) for name, least in _needs(graph) if types[name].integer < least}
    for node in graph.layers:
        if plain_layer(node.kind).quantizes and (node.inputs[0], -node.result.fraction) in needs:
            return node
    return None


def _needs(graph: Graph) -> Iterator[tuple[str, int]]:
    """The nodes that quantizers read, and how many bits before the point each needs at least."""
    types = _types_of(graph)
    for node in graph.layers:
        if plain_layer(node.kind).quantizes and types[node.inputs[0]].fraction > node.result.fraction:
            yield node.inputs[0], -node.result.fraction


def _types_of(graph: Graph) -> dict[str, FixedType]:
    return {port.name: port.type for port in graph.inputs} | {node.name: node.result for node in graph.layers}


def _widen(nodes: dict[str, Node], origin: Node, integer: int) -> None:
    """Give a layer's result more bits before the point, and all that only moves it."""
    wider = replace(origin.result, width=integer + origin.result.fraction, integer=integer)
    moved = {origin.name}
    for name, node in nodes.items():
        if plain_layer(node.kind).moves and node.inputs[0] in moved:
            moved.add(name)
        if name in moved:
            nodes[name] = node.model_copy(update={"result": wider})
