"""The one engine of interval arithmetic: what every number of an integer network can be, node by node.

The inputs may take every value of their ports; each layer's rule (`layers/`) follows them exactly, element by element.
Types are assigned from these intervals (`assign_types.py`), proven types are held against them (`type_check.py`), and
the fast emulator chooses its lane widths by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_prep.errors import UnsupportedModelError
from hls_projects.network.graph import Node
from hls_projects.network.interval import Interval
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network, Weights
from hls_projects.network.port import Port


@dataclass(frozen=True)
class Bounds:
    """What the numbers of one node can be.

    Attributes:
        node: the node.
        weights: its weights; none where it has none.
        sources: the intervals of its inputs.
        result: the interval of its result.
    """

    node: Node
    weights: Weights | None
    sources: tuple[Interval, ...]
    result: Interval

    @cached_property
    def sums(self) -> Interval | None:
        """What its accumulator can be, in any order of summation; none where it has no accumulator.

        Raises:
            UnsupportedModelError: more than 63 bits.
        """
        with _named(self.node):
            return plain_layer(self.node.kind).partial_sums(self.node, self.weights, self.sources)


def propagate(network: Network) -> Iterator[Bounds]:
    """The bounds of every node, inputs before users.

    Of the types of the network only those of the inputs and of the quantizers are trusted, and of the others the bits
    behind the point: what the weights give may be more than a type holds (`require_held`).

    Raises:
        UnsupportedModelError: a number that needs more than 63 bits, or a layer without its weights.
    """
    intervals = {port.name: _of_port(port) for port in network.graph.inputs}
    for node in network.graph.layers:
        weights, sources = network.weights.get(node.name), tuple(intervals[name] for name in node.inputs)
        with _named(node):
            result = plain_layer(node.kind).interval(node, weights, sources)
        intervals[node.name] = result
        yield Bounds(node, weights, sources, result)


def intervals(network: Network) -> dict[str, Interval]:
    """The interval of every input and node of a network with proven types.

    Raises:
        UnsupportedModelError: when the numbers of a node do not fit its type or shape.
    """
    results = {port.name: _of_port(port) for port in network.graph.inputs}
    for bounds in propagate(network):
        require_held(bounds)
        results[bounds.node.name] = bounds.result
    return results


def require_held(bounds: Bounds) -> None:
    """Refuse a node whose type or shape is not that of its numbers.

    Raises:
        UnsupportedModelError: with the node and its numbers.
    """
    node, result = bounds.node, bounds.result
    low, high = result.ends
    if low < node.result.raw_min or high > node.result.raw_max:
        reason = f"layer '{node.name}' reaches from {low} to {high}, which {node.result} does not hold"
        raise UnsupportedModelError(reason, remedy="make the types again with `lower`")
    if result.low.shape[1:] != node.shape:
        reason = f"layer '{node.name}' gives {result.low.shape[1:]}, not {node.shape} as its types say"
        raise UnsupportedModelError(reason, remedy="make the types again with `lower`")


def _of_port(port: Port) -> Interval:
    """Every value that a port can carry."""
    full = (1, *port.shape)
    return Interval(np.full(full, port.type.raw_min), np.full(full, port.type.raw_max), port.type.fraction)


@contextmanager
def _named(node: Node) -> Iterator[None]:
    """Numbers of more than 63 bits become an error that names the node."""
    try:
        yield
    except OverflowError as error:
        raise UnsupportedModelError(f"layer '{node.name}': {error}", remedy="use fewer bits") from None
