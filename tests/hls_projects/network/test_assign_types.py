"""Types are the narrowest that hold intervals; they do not depend on the types that a network had before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tensorflow import keras

from data_prep.fixed_point import FixedType
from hls_projects.lowering.lower import lower
from hls_projects.lowering.read import read_network
from hls_projects.network.assign_types import with_types
from hls_projects.network.intervals import propagate
from tests.hls_projects.random_networks import NetworkBuilder


def test_types_of_a_neuron() -> None:
    """3 x - 5 y + 7 of two numbers from 0 to 3 lies in [-8, 16], its parts in [-15, 16]: 6 signed bits hold both."""
    build = NetworkBuilder(((2,), FixedType(2, 2, False)))
    kernel, bias = np.array([[3], [-5]], np.int64), np.array([7], np.int64)
    weight = FixedType(4, 4)
    name = build.add("QDense", ("in0",), (1,), kernel=kernel, weight=weight, bias=bias, bias_type=weight)
    name = build.add("ReLU", (name,), (1,))
    build.add("QActivation", (name,), (1,), result=FixedType(3, 4, False, "RND_CONV", "SAT"))
    network = build.network()
    neuron, rectifier, quantizer = with_types(network, propagate(network)).graph.layers
    assert (neuron.result, neuron.accumulator) == (FixedType(6, 6), FixedType(6, 6))
    assert (neuron.low, neuron.high) == (-8.0, 16.0)
    assert (rectifier.result, rectifier.accumulator) == (FixedType(5, 5, False), None)
    assert quantizer.result == FixedType(3, 4, False, "RND_CONV", "SAT"), "a quantizer keeps the type of the model"
    assert (quantizer.low, quantizer.high) == (0.0, 14.0)


def test_wide_types_become_the_same_as_proven_ones(make: Callable[[str], keras.Model], zoo_name: str) -> None:
    network = read_network(lower(make(zoo_name)))
    assert {node.result.width for node in network.graph.layers if node.kind != "QActivation"} == {63}
    proven = with_types(network, propagate(network))
    assert with_types(proven, propagate(proven)).graph == proven.graph
