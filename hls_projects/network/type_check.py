"""The types of a network against its weights: what was proven when it was lowered, proven again without TensorFlow.

The intervals of all tensors are found anew (`intervals.py`), and held against what `types.json` says of each
layer: the type and limits of its result, its fraction, and the accumulator of its sums.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_prep.errors import ProofFailedError
from hls_projects.network.interval import Interval
from hls_projects.network.intervals import intervals
from hls_projects.network.layer import plain_layer
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Network

_REMEDY = "do not use it; run `lower` again, or ask for the file again"


def require_types(network: Network, file: Path) -> int:
    """Recompute the interval of every tensor and sum, and hold the types against it; returns how many layers there are.

    Args:
        network: types and weights.
        file: where the types were read, for messages.

    Raises:
        UnsupportedModelError: a result that does not hold what its inputs and weights give.
        ProofFailedError: an accumulator that does not hold its sums, limits or a fraction that are not those of a
            result, an output that is said to be of another type than its layer.
    """

    def refuse(what: str) -> ProofFailedError:
        return ProofFailedError(what, file=file, remedy=_REMEDY)

    found = intervals(network)
    known = {port.name: (port.shape, port.type) for port in network.types.inputs}
    for layer in network.types.layers:
        plain = plain_layer(layer.kind)
        least = plain.fraction(layer, [known[name][1].fraction for name in layer.inputs])
        known[layer.name] = layer.shape, layer.result
        given = layer.result.fraction
        if given < least or (given > least and not plain.finer):
            raise refuse(f"layer '{layer.name}': {layer.result} does not have the fraction bits that its inputs give")
        result = found[layer.name]
        low, high = _real(int(result.low.min()), layer), _real(int(result.high.max()), layer)
        if not layer.low <= low <= high <= layer.high:
            said = f"is said to lie in [{layer.low!r}, {layer.high!r}]"
            raise refuse(f"layer '{layer.name}' {said}, its inputs and weights give [{low!r}, {high!r}]")
        sums = plain.partial_sums(layer, network.weights.get(layer.name), [found[name] for name in layer.inputs])
        if sums is not None and not _holds(layer, sums):
            ends = ", ".join(repr(_real(end, layer)) for end in (int(sums.low.min()), int(sums.high.max())))
            raise refuse(f"layer '{layer.name}': its accumulator {layer.accumulator} does not hold [{ends}]")
    for port in network.types.outputs:
        if (port.shape, port.type) != known[port.name]:
            raise refuse(f"output '{port.name}' does not have the type and shape of its layer")
    return len(network.types.layers)


def _real(raw: int, layer: LayerTypes) -> float:
    return float(np.ldexp(float(raw), -layer.result.fraction))


def _holds(layer: LayerTypes, sums: Interval) -> bool:
    """Whether the accumulator holds sums exactly."""
    low, high = int(sums.low.min()), int(sums.high.max())
    kind = layer.accumulator
    if kind is None or kind.fraction < layer.result.fraction:
        return False
    shift = kind.fraction - layer.result.fraction
    return kind.raw_min <= low << shift and high << shift <= kind.raw_max
