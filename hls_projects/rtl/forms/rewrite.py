"""The same network in layers that cost less as logic."""

from __future__ import annotations

from collections import Counter

import numpy as np

from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers, spread
from hls_projects.network.layer import plain_layer
from hls_projects.network.layers.max_pooling import MaxPooling
from hls_projects.network.layers.quantizer import Quantizer
from hls_projects.network.layers.reshape import Reshape
from hls_projects.network.layers.spread import Spread
from hls_projects.network.layers.zero_padding import ZeroPadding
from hls_projects.network.network import Network

SPREADING = {layer.kind: layer for layer in (Reshape(), ZeroPadding())}
"""What lowering writes a transposed convolution with, before the convolution."""


def row_by_row(network: Network) -> Network:
    """The same network without layers that add rows, for which a stream has no clocks, as far as possible."""
    return fold_padding(fold_spread(network))


def fold_padding(network: Network) -> Network:
    """Zeros around an image as the padding of the convolution behind them, where nothing else uses them."""
    users = _users(network)
    padded = {node.name: node for node in network.graph.layers if node.kind == ZeroPadding.kind}
    nodes: list[Node] = []
    gone: set[str] = set()
    for node in network.graph.layers:
        source = padded.get(node.inputs[0])
        if source is not None and plain_layer(node.kind).pads and users[source.name] == 1:
            (t, b), (le, r) = node.padding
            (top, bottom), (left, right) = source.padding
            update = {"inputs": source.inputs, "padding": ((t + top, b + bottom), (le + left, r + right))}
            node = node.model_copy(update=update)
            gone.add(source.name)
        nodes.append(node)
    return _with(network, [node for node in nodes if node.name not in gone])


def fold_spread(network: Network) -> Network:
    """Reshapes and zeros that do nothing but put zeros behind every row and column, as one `Spread`.

    So lowering writes a transposed convolution. The reshapes move numbers from row to row, a `Spread` works row by row,
    so that it can be streamed. Which chains these are is found by sending numbered pixels through.
    """
    users = _users(network)
    shapes = {port.name: port.shape for port in network.graph.inputs}
    shapes |= {node.name: node.shape for node in network.graph.layers}
    nodes = list(network.graph.layers)
    for first in network.graph.layers:
        if first not in nodes or len(shapes[first.inputs[0]]) != 3:
            continue
        chain = _spreading(first, nodes, users, shapes[first.inputs[0]])
        if chain:
            source, last = shapes[first.inputs[0]], chain[-1]
            strides = (last.shape[0] // source[0], last.shape[1] // source[1])
            spreading = last.model_copy(
                update={"kind": Spread.kind, "inputs": first.inputs, "window": strides, "padding": ((0, 0), (0, 0))}
            )
            nodes[nodes.index(last)] = spreading
            nodes = [node for node in nodes if node not in chain]
    return _with(network, nodes)


def _spreading(first: Node, nodes: list[Node], users: Counter[str], shape: tuple[int, ...]) -> list[Node]:
    """The longest chain from a layer on that only spreads an image of this shape; empty where there is none."""
    numbered = 1 + np.arange(np.prod(shape), dtype=np.int64).reshape(1, *shape)
    moved: Integers = numbered
    chain: list[Node] = []
    longest = 0
    node: Node | None = first
    while node is not None and node.kind in SPREADING and len(node.shape) == 3:
        moved = SPREADING[node.kind].move(moved, node)
        chain.append(node)
        (rows, rest), (columns, left) = (divmod(node.shape[axis], shape[axis]) for axis in (0, 1))
        if rest == left == 0 and rows * columns > 1 and np.array_equal(moved, spread(numbered, (rows, columns))):
            longest = len(chain)
        name = node.name
        node = next((user for user in nodes if name in user.inputs), None) if users[name] == 1 else None
    return chain[:longest]


def pool_first(network: Network) -> Network:
    """Maximum pooling before the quantizer it follows: a saturating quantizer is monotone, so the maximum passes it.

    A quarter of the quantizers remains, the comparators become wider.
    """
    users = _users(network)
    nodes = list(network.graph.layers)
    for position, pool in enumerate(nodes):
        before = next((i for i, node in enumerate(nodes) if node.name == pool.inputs[0]), None)
        if pool.kind != MaxPooling.kind or before is None:
            continue
        quantizer = nodes[before]
        if quantizer.kind != Quantizer.kind or quantizer.result.overflow == "WRAP" or users[quantizer.name] != 1:
            continue
        source = next((node for node in nodes if node.name == quantizer.inputs[0]), None)
        if source is None:
            continue
        geometry = {"window": pool.window, "strides": pool.strides, "shape": pool.shape}
        bounds = {"result": source.result, "low": source.low, "high": source.high}
        nodes[before] = pool.model_copy(
            update={"name": quantizer.name, "inputs": quantizer.inputs, **geometry, **bounds}
        )
        nodes[position] = quantizer.model_copy(update={"name": pool.name, "inputs": pool.inputs, "shape": pool.shape})
    return _with(network, nodes)


def _users(network: Network) -> Counter[str]:
    used = [name for node in network.graph.layers for name in node.inputs]
    return Counter(used + [port.name for port in network.graph.outputs])


def _with(network: Network, nodes: list[Node]) -> Network:
    return Network(network.graph.model_copy(update={"layers": tuple(nodes)}), network.weights, network.meaning)
