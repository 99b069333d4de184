"""The reference in integers: a network run layer by layer in int64, one obvious line a layer (`layers/`).

Slow and plain on purpose: every faster form of the network is held against it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network


def run(network: Network, inputs: Sequence[Integers]) -> dict[str, Integers]:
    """The raw integers of every layer.

    Args:
        network: the lowered model.
        inputs: int64 [vectors, …] an input, in the type of its port.

    Returns:
        int64 [vectors, …] by layer, inputs included, each in the layer's result type.
    """
    types = {port.name: port.type for port in network.graph.inputs}
    tensors = {port.name: np.asarray(x, dtype=np.int64) for port, x in zip(network.graph.inputs, inputs, strict=True)}
    for node in network.graph.layers:
        sources = [(tensors[name], types[name].fraction) for name in node.inputs]
        tensors[node.name] = plain_layer(node.kind).integers(node, network.weights.get(node.name), sources)
        types[node.name] = node.result
    return tensors


def outputs(network: Network, inputs: Sequence[Integers]) -> list[Integers]:
    """The raw integers of every output: int64 [vectors, …]."""
    tensors = run(network, inputs)
    return [tensors[port.name] for port in network.graph.outputs]
