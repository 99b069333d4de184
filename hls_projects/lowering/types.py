"""Proven types: the fixed-point type that every tensor and accumulator of a lowered model needs.

Interval arithmetic over the lowered model with its actual weights, element by element, on integers: the input may take
every value of its port, and each layer's interval follows exactly (`network/layers/`). A type that holds the interval
can never overflow, whatever arrives; only a quantizer of the model itself saturates. Accumulators hold every partial
sum in any order of summation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import MAX_WIDTH, FixedType
from hls_projects.lowering import graph
from hls_projects.lowering.builder import FLOAT32_INTEGERS, weight_type
from hls_projects.lowering.lower import Lowered
from hls_projects.lowering.weights import kernel_and_bias
from hls_projects.network import dropped_bits
from hls_projects.network.integer_ops import Integers
from hls_projects.network.interval import Interval
from hls_projects.network.layer import Layer, plain_layer
from hls_projects.network.model_types import LayerTypes, ModelTypes, PortType
from hls_projects.network.network import Network, Weights
from models.quantization.quantizer_types import activation_type

KL = keras.layers
FLOAT32_FRACTION = 126
"""Float32 holds 24 bits from 2 to the power of minus this up to 2 to the power of this."""


def prove_network(lowered: Lowered) -> Network:
    """Find the type of every tensor, weight and accumulator, and the weights as integers.

    Raises:
        UnsupportedModelError: when a sum of the model needs more bits than float32 holds exactly (the Keras model could
            then not be the reference), or more than 63.
    """
    model = lowered.model
    found: dict[int, Interval] = {}
    kinds: dict[int, FixedType] = {}
    names: dict[int, str] = {}
    layers: list[LayerTypes] = []
    weights: dict[str, Weights] = {}
    limits: dict[str, FixedType] = {}
    for call in graph.calls(model):
        layer, key = call.layer, call.outputs[0]
        names[key] = layer.name
        shape = tuple(int(size) for size in layer.output_shape[1:] if not isinstance(size, tuple)) or _shape(layer)
        if isinstance(layer, KL.InputLayer):
            kind = lowered.ports[layer.name]
            full = (1, *shape)
            found[key] = Interval(np.full(full, kind.raw_min), np.full(full, kind.raw_max), kind.fraction)
            kinds[key] = kind
            continue
        plain = plain_layer(type(layer).__name__)
        sources = [found[k] for k in call.inputs]
        inputs = tuple(names[k] for k in call.inputs)
        try:
            node, constants = _read(plain, layer, lowered.sources[layer.name], inputs, shape, sources)
            result, sums = plain.interval(node, constants, sources), plain.partial_sums(node, constants, sources)
        except OverflowError as error:
            raise UnsupportedModelError(f"layer '{layer.name}': {error}", remedy="use fewer bits") from None
        _check_float32(plain, layer.name, result if sums is None else sums)
        found[key] = result
        kinds[key] = kinds[call.inputs[0]] if plain.moves else result.type
        if plain.quantizes:
            limits[layer.name] = node.result
            kinds[key] = _tight(node.result, result.type)
        if constants is not None:
            weights[layer.name] = constants
        proven = {
            "result": kinds[key],
            "accumulator": None if sums is None else plain.accumulator(sums),
            "low": float(np.ldexp(float(result.low.min()), -result.fraction)),
            "high": float(np.ldexp(float(result.high.max()), -result.fraction)),
        }
        layers.append(node.model_copy(update=proven))
    types = ModelTypes(
        inputs=tuple(
            port.model_copy(update={"added": port.name in lowered.added_ports})
            for port in _ports(model.inputs, graph.input_keys(model), kinds)
        ),
        outputs=tuple(
            port.model_copy(update={"left_out": activation})
            for port, activation in zip(
                _ports(model.outputs, graph.output_keys(model), kinds), lowered.left_out, strict=True
            )
        ),
        layers=tuple(layers),
    )
    return Network(dropped_bits.widened(types, limits), weights)


def _shape(layer: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in layer.output_shape[0][1:])


def _ports(tensors: list[Any], keys: tuple[int, ...], found: Mapping[int, FixedType]) -> list[PortType]:
    return [
        PortType(name=tensor.node.layer.name, shape=tuple(int(n) for n in tensor.shape[1:]), type=found[key])
        for tensor, key in zip(tensors, keys, strict=True)
    ]


def integer_weights(values: Any) -> tuple[Integers, FixedType]:
    """Weights that lie on a grid as raw integers, and their type."""
    kind = weight_type(values)
    if kind is None:
        raise UnsupportedModelError("a weight is not finite")
    return kind.quantize(values), kind


def _read(
    plain: Layer, layer: Any, source: str, inputs: tuple[str, ...], shape: tuple[int, ...], sources: list[Interval]
) -> tuple[LayerTypes, Weights | None]:
    """What a Keras layer says: all but the types that are to be found, with a wide one for its result; its weights."""
    geometry = plain.geometry(layer)
    node = LayerTypes(
        name=layer.name,
        kind=plain.kind,
        source=source,
        inputs=inputs,
        shape=shape,
        result=activation_type(layer.quantizer) if plain.quantizes else FixedType(MAX_WIDTH, MAX_WIDTH),
        low=0.0,
        high=0.0,
        window=geometry.window,
        strides=geometry.strides,
        padding=geometry.padding,
    )
    constants = None
    if plain.kernel is not None:
        values, offsets = kernel_and_bias(layer, plain.kernel)
        kernel, weight = integer_weights(values)
        bias, bias_type = (None, None) if offsets is None else integer_weights(offsets)
        constants = Weights(kernel, bias)
        node = node.model_copy(update={"weight": weight, "bias": bias_type})
    fraction = plain.fraction(node, [each.fraction for each in sources])
    if not plain.quantizes:
        node = node.model_copy(update={"result": FixedType(MAX_WIDTH, MAX_WIDTH - fraction)})
    return node, constants


def _tight(declared: FixedType, held: FixedType) -> FixedType:
    """The type of a quantizer's result: what it holds, rounded as the model says."""
    if held.width >= declared.width:
        return declared
    return FixedType(held.width, held.integer, held.signed, declared.rounding, "SAT")


def _check_float32(plain: Layer, name: str, interval: Interval) -> None:
    if not plain.float32:
        return
    largest = max(-int(interval.low.min()), int(interval.high.max()))
    if largest > FLOAT32_INTEGERS:
        raise UnsupportedModelError(
            f"layer '{name}': its {plain.float32} need {largest.bit_length() + 1} bits, float32 is exact up to 25, so "
            "the Keras model itself does not compute them exactly",
            remedy="use fewer weight or activation bits, or a quantizer before this layer",
        )
    if interval.fraction > FLOAT32_FRACTION or largest.bit_length() - interval.fraction > FLOAT32_FRACTION:
        raise UnsupportedModelError(
            f"layer '{name}': its {plain.float32} are smaller or larger than the numbers of float32",
            remedy="use weights and quantizers nearer to 1",
        )
