"""The size of a network as logic, before it is built: one output pixel of every layer traced, times the pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from alkaid.trace.fixed_variable import FVariable

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.blocks.compose import builder_of
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import NO_ZEROS
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network, Weights
from hls_projects.rtl.logic.trace import logic_of
from hls_projects.rtl.logic.tracer import Tracer
from hls_projects.rtl.logic.values import ADDERS, Tensor


def estimate_luts(network: Network) -> float:
    """LUTs of the unrolled network by the compiler's own cost model, without what layers share and borders save.

    No synthesised count: yosys was seen to count 40 % less to 30 % more.
    """
    types: dict[str, FixedType] = {port.name: port.type for port in network.graph.inputs}
    channels = {port.name: port.shape[-1] for port in network.graph.inputs}
    total = 0.0
    for node in network.graph.layers:
        if plain_layer(node.kind).costly:
            total += _layer(node, network.weights.get(node.name), types, channels)
        types[node.name] = node.result
        channels[node.name] = node.shape[-1]
    return total


def check_size(network: Network, largest: int) -> None:
    """Refuse a network that is too large to unroll, before hours are spent on it.

    Raises:
        UnsupportedModelError: with the estimate, and the streamed form as the way out.
    """
    estimate = estimate_luts(network)
    if estimate > largest:
        first = builder_of(network)
        rows = (first or network.graph.inputs[0]).shape[0]
        raise UnsupportedModelError(
            f"unrolled, this network takes about {estimate:,.0f} LUTs (the compiler's estimate), more than the "
            f"{largest:,} that hardware.yaml allows",
            remedy=f"stream it (rtl: form: streamed, a row a clock: an image every {rows} clocks), use fewer bits, "
            "strides or filters, or allow more with `largest`",
        )


def _layer(node: Node, weights: Weights | None, types: Mapping[str, FixedType], channels: Mapping[str, int]) -> float:
    """The cost of one output pixel (all of a vector's values) times the number of pixels."""
    image = len(node.shape) == 3
    inputs: list[Tensor] = []
    for name in node.inputs:
        source_type = types[name]
        shape = (*node.window, channels[name]) if image else (channels[name],)
        fresh = np.empty(int(np.prod(shape)), dtype=object)
        fresh[:] = [
            FVariable(source_type.minimum, source_type.maximum, source_type.step, hwconf=ADDERS, latency=0.0)
            for _ in fresh
        ]
        inputs.append(fresh.reshape(shape))
    one = node.model_copy(update={"shape": (1, 1, node.shape[2]) if image else node.shape, "padding": NO_ZEROS})
    outputs = Tracer("bits").layer(one, weights, inputs)
    cost = float(logic_of(np.concatenate([x.ravel() for x in inputs]), outputs.ravel()).cost)
    return cost * (node.shape[0] * node.shape[1] if image else 1)
