"""The types of a network against its weights: what was proven when it was lowered, proven again without TensorFlow.

The engine is that of lowering (`intervals.py`). Its intervals are held against what `types.json` says of each node: the
type and range of its result, its fraction, and the accumulator of its sums.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_prep.errors import ProofFailedError
from hls_projects.network.graph import Node
from hls_projects.network.interval import Interval
from hls_projects.network.intervals import propagate, require_held
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network

_REMEDY = "do not use it; run `lower` again, or ask for the file again"


def require_types(network: Network, file: Path) -> int:
    """Recompute the interval of every tensor and sum, and hold the types against it; returns how many layers there are.

    Args:
        network: types and weights.
        file: where the types were read, for messages.

    Raises:
        UnsupportedModelError: a result that does not hold what its inputs and weights give.
        ProofFailedError: an accumulator that does not hold its sums, a range or a fraction that are not those of a
            result, an output that is said to be of another type than its layer.
    """

    def refuse(reason: str) -> ProofFailedError:
        return ProofFailedError(reason, file=file, remedy=_REMEDY)

    ports = {port.name: (port.shape, port.type) for port in network.graph.inputs}
    for bounds in propagate(network):
        require_held(bounds)
        node, plain = bounds.node, plain_layer(bounds.node.kind)
        least = plain.fraction(node, [ports[name][1].fraction for name in node.inputs])
        ports[node.name] = node.shape, node.result
        if node.result.fraction < least or (node.result.fraction > least and not plain.finer):
            raise refuse(f"layer '{node.name}': {node.result} does not have the fraction bits that its inputs give")
        low, high = (_real(end, node) for end in _ends(bounds.result))
        if not node.low <= low <= high <= node.high:
            stated = f"is said to lie in [{node.low!r}, {node.high!r}]"
            raise refuse(f"layer '{node.name}' {stated}, its inputs and weights give [{low!r}, {high!r}]")
        if bounds.sums is not None and not _holds(node, bounds.sums):
            low, high = (_real(end, node) for end in _ends(bounds.sums))
            raise refuse(f"layer '{node.name}': its accumulator {node.accumulator} does not hold [{low!r}, {high!r}]")
    for port in network.graph.outputs:
        if (port.shape, port.type) != ports[port.name]:
            raise refuse(f"output '{port.name}' does not have the type and shape of its layer")
    return len(network.graph.layers)


def _ends(interval: Interval) -> tuple[int, int]:
    return int(interval.low.min()), int(interval.high.max())


def _real(raw: int, node: Node) -> float:
    return float(np.ldexp(float(raw), -node.result.fraction))


def _holds(node: Node, sums: Interval) -> bool:
    """Whether the accumulator holds sums exactly."""
    low, high = _ends(sums)
    accumulator = node.accumulator
    if accumulator is None or accumulator.fraction < node.result.fraction:
        return False
    shift = accumulator.fraction - node.result.fraction
    return accumulator.raw_min <= low << shift and high << shift <= accumulator.raw_max
