"""The interval of every tensor of an integer network, found anew from its weights: what lane widths rest on.

The rules are those of the proof of the types (`layers/`). It does not trust `types.json`: a network whose
numbers do not fit its own types is refused instead of computed wrongly.
"""

from __future__ import annotations

import numpy as np

from data_prep.errors import UnsupportedModelError
from hls_projects.network.interval import Interval
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network


def intervals(network: Network) -> dict[str, Interval]:
    """The interval of every input and layer.

    Raises:
        UnsupportedModelError: when a layer's numbers do not fit the type or the shape it is said to have.
    """
    found: dict[str, Interval] = {}
    for port in network.types.inputs:
        full = (1, *port.shape)
        found[port.name] = Interval(
            np.full(full, port.type.raw_min), np.full(full, port.type.raw_max), port.type.fraction
        )
    for layer in network.types.layers:
        sources = [found[name] for name in layer.inputs]
        try:
            result = plain_layer(layer.kind).interval(layer, network.weights.get(layer.name), sources)
        except OverflowError as error:
            raise UnsupportedModelError(f"layer '{layer.name}': {error}", remedy="use fewer bits") from None
        low, high = result.ends
        if low < layer.result.raw_min or high > layer.result.raw_max:
            what = f"layer '{layer.name}' reaches from {low} to {high}, which {layer.result} does not hold"
            raise UnsupportedModelError(what, remedy="make the types again with `lower`")
        if result.low.shape[1:] != layer.shape:
            what = f"layer '{layer.name}' gives {result.low.shape[1:]}, not {layer.shape} as its types say"
            raise UnsupportedModelError(what, remedy="make the types again with `lower`")
        found[layer.name] = result
    return found
