"""The types of a network against its weights: what was proven when it was lowered, proven again without TensorFlow.

The intervals of all tensors are found anew (`emulator/intervals.py`), and held against what `types.json` says of each
layer: the type and limits of its result, its fraction, and the accumulator of its sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_prep.errors import ProofFailedError
from hls_projects.emulator.intervals import MULTIPLYING, Interval, intervals
from hls_projects.network.integer_ops import Integers, sum_pool
from hls_projects.network.layer import plain_layer
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Network, Weights

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
        fractions = [known[name][1].fraction for name in layer.inputs]
        known[layer.name] = layer.shape, layer.result
        if not _fraction_is_right(layer, fractions):
            raise refuse(f"layer '{layer.name}': {layer.result} does not have the fraction bits that its inputs give")
        result = found[layer.name]
        low, high = _real(int(result.low.min()), layer), _real(int(result.high.max()), layer)
        if not layer.low <= low <= high <= layer.high:
            said = f"is said to lie in [{layer.low!r}, {layer.high!r}]"
            raise refuse(f"layer '{layer.name}' {said}, its inputs and weights give [{low!r}, {high!r}]")
        sums = _sums(layer, network.weights.get(layer.name), [found[name] for name in layer.inputs], fractions)
        if sums is not None and not _holds(layer, *sums):
            ends = ", ".join(repr(_real(end, layer)) for end in sums)
            raise refuse(f"layer '{layer.name}': its accumulator {layer.accumulator} does not hold [{ends}]")
    for port in network.types.outputs:
        if (port.shape, port.type) != known[port.name]:
            raise refuse(f"output '{port.name}' does not have the type and shape of its layer")
    return len(network.types.layers)


def _real(raw: int, layer: LayerTypes) -> float:
    return float(np.ldexp(float(raw), -layer.result.fraction))


def _fraction_is_right(layer: LayerTypes, fractions: Sequence[int]) -> bool:
    """Whether the result has the bits behind the point that the layer's operation gives it."""
    target = layer.result.fraction
    if layer.kind in ("QActivation", "ImageBuilder"):
        return True
    if layer.kind in ("Concatenate", "Add"):
        return target >= max(fractions)
    if layer.kind in MULTIPLYING:
        product = fractions[0] + (layer.weight.fraction if layer.weight else 0)
        return target >= max(product, layer.bias.fraction if layer.bias else product)
    return target == fractions[0] + _divided_bits(layer)


def _divided_bits(layer: LayerTypes) -> int:
    """By how many bits an average divides its sum."""
    size = layer.window[0] * layer.window[1]
    return size.bit_length() - 1 if layer.kind == "AveragePooling2D" else 0


def _sums(
    layer: LayerTypes, weights: Weights | None, sources: Sequence[Interval], fractions: Sequence[int]
) -> tuple[int, int] | None:
    """The least and the largest partial sum, in whatever order it is summed, at the fraction of the result."""
    if layer.kind == "MaxPooling2D":
        return int(sources[0].low.min()), int(sources[0].high.max())
    zero = np.int64(0)
    if layer.kind not in (*MULTIPLYING, "AveragePooling2D"):
        return None
    # any of the terms may still be missing
    low, high = np.minimum(sources[0].low, zero), np.maximum(sources[0].high, zero)
    if weights is None:
        bits = _divided_bits(layer)
        ends = [sum_pool(each, layer.window, layer.strides) << bits for each in (low, high)]
        return int(ends[0].min()), int(ends[1].max())

    def products(x: Integers, kernel: Integers) -> Integers:
        return plain_layer(layer.kind).integers(layer, Weights(kernel, None), [(x, fractions[0])])

    positive, negative = np.maximum(weights.kernel, 0), np.minimum(weights.kernel, 0)
    offset = np.zeros(1, np.int64)
    if weights.bias is not None and layer.bias is not None:
        offset = weights.bias << (layer.result.fraction - layer.bias.fraction)
    least = products(low, positive) + products(high, negative) + np.minimum(offset, zero)
    most = products(high, positive) + products(low, negative) + np.maximum(offset, zero)
    return int(least.min()), int(most.max())


def _holds(layer: LayerTypes, low: int, high: int) -> bool:
    """Whether the accumulator holds sums exactly."""
    kind = layer.accumulator
    if kind is None or kind.fraction < layer.result.fraction:
        return False
    shift = kind.fraction - layer.result.fraction
    return kind.raw_min <= low << shift and high << shift <= kind.raw_max
