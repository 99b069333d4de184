"""The interval of every tensor of an integer network, found anew from its weights: what lane widths rest on.

The same arithmetic as the proof of the types, on integers alone. It does not trust `types.json`: a network whose
numbers do not fit its own types is refused instead of computed wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import plain_layer
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Network, Weights

MULTIPLYING = ("QConv2D", "QDepthwiseConv2D", "QDense")


@dataclass(frozen=True)
class Interval:
    """The smallest and the largest raw integer of every element of a tensor, int64 [1, …]."""

    low: Integers
    high: Integers

    @property
    def ends(self) -> tuple[int, int]:
        """Over all elements."""
        return int(self.low.min(initial=0)), int(self.high.max(initial=0))


def intervals(network: Network) -> dict[str, Interval]:
    """The interval of every input and layer.

    Raises:
        UnsupportedModelError: when a layer's numbers do not fit the type or the shape it is said to have.
    """
    found: dict[str, Interval] = {}
    types: dict[str, FixedType] = {}
    for port in network.types.inputs:
        full = (1, *port.shape)
        found[port.name] = Interval(np.full(full, port.type.raw_min), np.full(full, port.type.raw_max))
        types[port.name] = port.type
    for layer in network.types.layers:
        sources = [found[name] for name in layer.inputs]
        fractions = [types[name].fraction for name in layer.inputs]
        try:
            result = _rule(layer, network.weights.get(layer.name), sources, fractions)
        except OverflowError as error:
            raise UnsupportedModelError(f"layer '{layer.name}': {error}", remedy="use fewer bits") from None
        low, high = result.ends
        if low < layer.result.raw_min or high > layer.result.raw_max:
            what = f"layer '{layer.name}' reaches from {low} to {high}, which {layer.result} does not hold"
            raise UnsupportedModelError(what, remedy="make the types again with `lower`")
        if result.low.shape[1:] != layer.shape:
            what = f"layer '{layer.name}' gives {result.low.shape[1:]}, not {layer.shape} as its types say"
            raise UnsupportedModelError(what, remedy="make the types again with `lower`")
        found[layer.name], types[layer.name] = result, layer.result
    return found


def _rule(layer: LayerTypes, weights: Weights | None, sources: list[Interval], fractions: list[int]) -> Interval:
    if layer.builder is not None:
        largest = layer.result.cast(np.array(layer.builder.result.raw_max), layer.builder.result.fraction)
        return Interval(np.zeros((1, *layer.shape), np.int64), np.full((1, *layer.shape), largest))
    operation = plain_layer(layer.kind).integers
    lows = [(each.low, fraction) for each, fraction in zip(sources, fractions, strict=True)]
    highs = [(each.high, fraction) for each, fraction in zip(sources, fractions, strict=True)]
    if layer.kind in MULTIPLYING:
        if weights is None:
            raise UnsupportedModelError(f"layer '{layer.name}' has no weights")
        rising = Weights(np.maximum(weights.kernel, 0), weights.bias)
        falling = Weights(np.minimum(weights.kernel, 0), None)
        return Interval(
            operation(layer, rising, lows) + operation(layer, falling, highs),
            operation(layer, rising, highs) + operation(layer, falling, lows),
        )
    low, high = operation(layer, weights, lows), operation(layer, weights, highs)
    if layer.kind == "QActivation" and layer.result.overflow in ("WRAP", "SAT_ZERO"):
        return _not_monotone(layer.result, sources[0], fractions[0], low, high)
    return Interval(low, high)


def _not_monotone(kind: FixedType, x: Interval, fraction: int, low: Integers, high: Integers) -> Interval:
    """A cast that may jump: the ends tell nothing where an end leaves the range."""
    wide = FixedType(63, 63 - kind.fraction, True, kind.rounding, "SAT")
    inside = (wide.cast(x.low, fraction) == low) & (wide.cast(x.high, fraction) == high)
    return Interval(np.where(inside, low, kind.raw_min), np.where(inside, high, kind.raw_max))
