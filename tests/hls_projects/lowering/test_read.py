"""A lowered model as an integer network, before any interval is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tensorflow import keras

from hls_projects.lowering.lower import lower
from hls_projects.lowering.read import read_network


def test_weights_are_those_of_the_model_and_quantizers_have_its_types(
    make: Callable[[str], keras.Model], zoo_name: str
) -> None:
    lowered = lower(make(zoo_name))
    network = read_network(lowered)
    for node in network.graph.layers:
        layer = lowered.model.get_layer(node.name)
        assert node.kind == type(layer).__name__
        assert node.shape == layer.output_shape[1:]
        if node.name not in network.weights:
            assert not layer.weights
            continue
        values = layer.get_weights()
        weights = network.weights[node.name]
        assert node.weight is not None
        np.testing.assert_array_equal(node.weight.to_float(weights.kernel), values[0])
        assert (weights.bias is None, node.bias is None) == (len(values) == 1,) * 2
        if weights.bias is not None and node.bias is not None:
            np.testing.assert_array_equal(node.bias.to_float(weights.bias), values[1])


def test_results_have_the_fraction_bits_of_inputs_and_weights(make: Callable[[str], keras.Model]) -> None:
    """Pixels of 8 fraction bits times weights of at most 4, and sums of these times 4 more."""
    graph = read_network(lower(make("separable"))).graph
    pixels, depthwise, pointwise, activation = graph.layers[:4]
    assert (pixels.kind, pixels.result.name) == ("QActivation", "ap_ufixed<8,0,AP_RND_CONV,AP_SAT>")
    assert depthwise.weight is not None and pointwise.weight is not None
    assert depthwise.result.fraction == 8 + depthwise.weight.fraction
    assert pointwise.result.fraction >= depthwise.result.fraction + pointwise.weight.fraction
    assert (activation.kind, activation.result.width, activation.result.integer) == ("QActivation", 5, 1)
