"""Intervals follow from ports and weights: their ends are reached, and no number lies outside."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.network import integer_model
from hls_projects.network.intervals import intervals, propagate, require_held
from hls_projects.network.network import Network
from tests.hls_projects.random_networks import NetworkBuilder, built


def _neuron() -> Network:
    """3 x - 5 y + 7 of two numbers from 0 to 3, and a rectifier behind it."""
    build = NetworkBuilder(((2,), FixedType(2, 2, False)))
    kernel, bias = np.array([[3], [-5]], np.int64), np.array([7], np.int64)
    weight = FixedType(4, 4)
    name = build.add("QDense", ("in0",), (1,), kernel=kernel, weight=weight, bias=bias, bias_type=weight)
    build.add("ReLU", (name,), (1,))
    return build.network()


def test_the_bounds_of_a_neuron() -> None:
    """The sum lies in [7 - 15, 7 + 9]; in any order its parts lie in [-15, 16], with or without the bias."""
    neuron, rectifier = propagate(_neuron())
    assert neuron.result.ends == (-8, 16)
    assert neuron.sums is not None
    assert neuron.sums.ends == (-15, 16)
    assert rectifier.sources == (neuron.result,)
    assert rectifier.result.ends == (0, 16)
    assert rectifier.sums is None


def test_an_interval_that_its_type_does_not_hold_is_refused() -> None:
    network = _neuron()
    node = network.graph.layers[0].model_copy(update={"result": FixedType(5, 5)})
    graph = network.graph.model_copy(update={"layers": (node, *network.graph.layers[1:])})
    narrow = dataclasses.replace(network, graph=graph)
    assert next(iter(propagate(narrow))).result.ends == (-8, 16), "the engine follows weights, not types"
    with pytest.raises(UnsupportedModelError, match="layer 'layer0' reaches from -8 to 16, which .* does not hold"):
        intervals(narrow)


def test_numbers_beyond_63_bits_name_their_layer() -> None:
    build = NetworkBuilder(((1,), FixedType(60, 60)))
    build.add("QDense", ("in0",), (1,), kernel=np.array([[1]], np.int64), weight=FixedType(2, 2))
    huge = dataclasses.replace(
        build.network(), weights={"layer0": dataclasses.replace(build.weights["layer0"], kernel=np.array([[100]]))}
    )
    with pytest.raises(UnsupportedModelError, match="layer 'layer0': a sum of products needs more than 63 bits"):
        list(propagate(huge))


@settings(max_examples=50, deadline=None)
@given(build=built(), seed=st.integers(0, 2**32))
def test_no_number_lies_outside(build: NetworkBuilder, seed: int) -> None:
    network, rng = build.network(), np.random.default_rng(seed)
    port = network.graph.inputs[0]
    raw = rng.integers(port.type.raw_min, port.type.raw_max, (50, *port.shape), endpoint=True)
    raw[:2] = np.reshape([port.type.raw_min, port.type.raw_max], (2, *(1 for _ in port.shape)))
    numbers = integer_model.run(network, [raw])
    for bounds in propagate(network):
        require_held(bounds)
        values = numbers[bounds.node.name]
        assert (bounds.result.low <= values).all() and (values <= bounds.result.high).all(), bounds.node.name
