"""Proven types: the fixed-point type that every tensor and accumulator of a lowered model needs.

The model is read as an integer network, the intervals of all its numbers follow from its weights and ports, and the
types from these. What float32 does not hold is refused: the Keras model, to which hardware is compared, would round it.
"""

from __future__ import annotations

from data_prep.errors import UnsupportedModelError
from hls_projects.lowering.lower import Lowered
from hls_projects.lowering.plain_model import FLOAT32_INTEGERS
from hls_projects.lowering.read import read_network
from hls_projects.network.assign_types import with_types
from hls_projects.network.intervals import Bounds, propagate
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network

FLOAT32_FRACTION = 126
"""Float32 holds 24 bits from 2 to the power of minus this up to 2 to the power of this."""


def prove_network(lowered: Lowered) -> Network:
    """The integer network of a lowered model, with the type of every tensor, weight and accumulator.

    Raises:
        UnsupportedModelError: when a sum of the model needs more bits than float32 holds exactly (the Keras model could
            then not be the reference), or more than 63.
    """
    network = read_network(lowered)
    proven = []
    for bounds in propagate(network):
        _require_float32(bounds)
        proven.append(bounds)
    return with_types(network, proven)


def _require_float32(bounds: Bounds) -> None:
    """Refuse sums and values that the Keras model would round."""
    name, rounded = bounds.node.name, plain_layer(bounds.node.kind).float32
    interval = bounds.result if bounds.sums is None else bounds.sums
    if not rounded:
        return
    largest = max(-int(interval.low.min()), int(interval.high.max()))
    if largest > FLOAT32_INTEGERS:
        raise UnsupportedModelError(
            f"layer '{name}': its {rounded} need {largest.bit_length() + 1} bits, float32 is exact up to 25, so "
            "the Keras model itself does not compute them exactly",
            remedy="use fewer weight or activation bits, or a quantizer before this layer",
        )
    if interval.fraction > FLOAT32_FRACTION or largest.bit_length() - interval.fraction > FLOAT32_FRACTION:
        raise UnsupportedModelError(
            f"layer '{name}': its {rounded} are smaller or larger than the numbers of float32",
            remedy="use weights and quantizers nearer to 1",
        )
