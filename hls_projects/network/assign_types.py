"""The type of every tensor and accumulator, from the intervals of a network.

A type that holds its interval cannot overflow, whatever arrives; only a quantizer of the model itself saturates.
Accumulators hold every partial sum in any order of summation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from data_prep.fixed_point import FixedType
from hls_projects.network import dropped_bits
from hls_projects.network.graph import Node
from hls_projects.network.interval import Interval
from hls_projects.network.intervals import Bounds
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network


def with_types(network: Network, bounds: Iterable[Bounds]) -> Network:
    """A network with the narrowest types that hold its numbers.

    Args:
        network: as it is read: quantizers have the types that the model declares, all else is as wide as can be.
        bounds: of its nodes, in order (`intervals.propagate`).

    Returns:
        the same with types of results and accumulators, and with the range of every result. Where a quantizer reads
        bits that a narrower type does not have, the type has them (`dropped_bits`).
    """
    results = {port.name: port.type for port in network.graph.inputs}
    declared: dict[str, FixedType] = {}
    nodes = []
    for bound in bounds:
        node, plain = bound.node, plain_layer(bound.node.kind)
        if plain.moves:
            result = results[node.inputs[0]]
        elif plain.quantizes:
            declared[node.name] = node.result
            result = _of_quantizer(node.result, bound.result.type)
        else:
            result = bound.result.type
        results[node.name] = result
        nodes.append(_typed(node, bound, result))
    outputs = tuple(port.model_copy(update={"type": results[port.name]}) for port in network.graph.outputs)
    graph = network.graph.model_copy(update={"layers": tuple(nodes), "outputs": outputs})
    return replace(network, graph=dropped_bits.widened(graph, declared))


def _typed(node: Node, bounds: Bounds, result: FixedType) -> Node:
    low, high = _range(bounds.result)
    accumulator = None if bounds.sums is None else plain_layer(node.kind).accumulator(bounds.sums)
    return node.model_copy(update={"result": result, "accumulator": accumulator, "low": low, "high": high})


def _range(interval: Interval) -> tuple[float, float]:
    """The smallest and the largest value of all elements, as real numbers."""
    low, high = int(interval.low.min()), int(interval.high.max())
    return float(np.ldexp(float(low), -interval.fraction)), float(np.ldexp(float(high), -interval.fraction))


def _of_quantizer(declared: FixedType, held: FixedType) -> FixedType:
    """The type of a quantizer's result: what it holds, rounded as the model says."""
    if held.width >= declared.width:
        return declared
    return FixedType(held.width, held.integer, held.signed, declared.rounding, "SAT")
