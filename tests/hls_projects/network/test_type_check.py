"""Types are recomputed from the weights: those of every network hold, and each that is a bit too narrow is found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorflow import keras

from data_prep.errors import ProofFailedError, UnsupportedModelError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.compose import compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.network import Network
from hls_projects.network.type_check import require_types
from tests.hls_projects.random_networks import NetworkBuilder

FILE = Path("types.json")


def _narrower(number_format: FixedType) -> FixedType:
    return dataclasses.replace(number_format, width=number_format.width - 1, integer=number_format.integer - 1)


def _with(network: Network, number: int, **change: Any) -> Network:
    layers = list(network.graph.layers)
    layers[number] = layers[number].model_copy(update=change)
    return dataclasses.replace(network, graph=network.graph.model_copy(update={"layers": tuple(layers)}))


def test_every_type_holds_and_is_as_narrow_as_it_may_be(make: Callable[[str], keras.Model], zoo_name: str) -> None:
    network = prove_network(lower(make(zoo_name)))
    assert require_types(network, FILE) == len(network.graph.layers)
    for number, layer in enumerate(network.graph.layers):
        if layer.accumulator is not None and layer.accumulator.width > 1:
            with pytest.raises(ProofFailedError, match=f"layer '{layer.name}': its accumulator .* does not hold"):
                require_types(_with(network, number, accumulator=_narrower(layer.accumulator)), FILE)
        if layer.weight is not None and layer.result.width > 1:
            with pytest.raises(UnsupportedModelError, match=f"layer '{layer.name}' reaches from .* does not hold"):
                require_types(_with(network, number, result=_narrower(layer.result)), FILE)
        for change in ({"low": layer.low + layer.result.step}, {"high": layer.high - layer.result.step}):
            with pytest.raises(ProofFailedError, match=f"layer '{layer.name}' is said to lie in"):
                require_types(_with(network, number, **change), FILE)


def test_other_weights_have_other_types(make: Callable[[str], keras.Model]) -> None:
    network = prove_network(lower(make("separable")))
    name, weights = next(
        (name, constants) for name, constants in network.weights.items() if (constants.kernel != 0).any()
    )
    doubled = dataclasses.replace(weights, kernel=2 * weights.kernel)
    with pytest.raises((ProofFailedError, UnsupportedModelError), match=f"layer '{name}'"):
        require_types(dataclasses.replace(network, weights={**network.weights, name: doubled}), FILE)


def test_an_output_of_another_type_than_its_layer(make: Callable[[str], keras.Model]) -> None:
    network = prove_network(lower(make("separable")))
    port = network.graph.outputs[0].model_copy(update={"type": FixedType(3, 1)})
    types = network.graph.model_copy(update={"outputs": (port,)})
    with pytest.raises(ProofFailedError, match=f"output '{port.name}' does not have the type"):
        require_types(dataclasses.replace(network, graph=types), FILE)


def test_values_are_not_moved_by_a_fraction() -> None:
    """A result that is said to have one bit more behind the point would be half of what it is."""
    build = NetworkBuilder(((2, 2, 1), FixedType(4, 4)))
    build.add("MaxPooling2D", ("in0",), (1, 1, 1), window=(2, 2), strides=(2, 2))
    network = build.network()
    with pytest.raises(ProofFailedError, match="does not have the fraction bits that its inputs give"):
        require_types(_with(network, 0, result=FixedType(6, 5)), FILE)


def test_an_image_builder_may_give_every_pixel() -> None:
    candidates = CandidateSettings(number=4, per_pi=40, eta_bits=6, phi_bits=7)
    builder = ImageBuilder.of(candidates, SquareGrid(pixels=3, half_width=1.5), normalise=False)
    layers = NetworkBuilder((builder.shape, FixedType(10, 10, False, "RND_CONV", "SAT")))
    layers.inputs = (layers.inputs[0].model_copy(update={"name": "image"}),)
    layers.add("Flatten", ("image",), (9,))
    network = _with(compose(builder, layers.network()), 1, low=0.0, high=1023.0)
    assert require_types(network, FILE) == 2
    with pytest.raises(ProofFailedError, match=r"layer 'layer0' is said to lie in \[0.0, 1022.0\]"):
        require_types(_with(network, 1, high=1022.0), FILE)
