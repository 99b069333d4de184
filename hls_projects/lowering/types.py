"""Proven types: the fixed-point type that every tensor and accumulator of a lowered model needs.

Interval arithmetic over the lowered model with its actual weights, element by element, on integers: the input may take
every value of its port, and each layer's bounds follow exactly (Moore, Kearfott and Cloud 2009, "Introduction to
Interval Analysis", chapter 5). A type that holds the interval can never overflow, whatever arrives; only a quantizer of
the model itself saturates. Accumulators hold every partial sum in any order of summation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from qkeras import QActivation, QConv2D, QDense, QDepthwiseConv2D
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import MAX_WIDTH, FixedType, smallest_type
from hls_projects.lowering import graph
from hls_projects.lowering.builder import FLOAT32_INTEGERS, weight_type
from hls_projects.lowering.lower import Lowered
from hls_projects.lowering.weights import kernel_and_bias
from hls_projects.network import dropped_bits
from hls_projects.network import integer_ops as ops
from hls_projects.network.integer_ops import Integers, Pair, Zeros
from hls_projects.network.model_types import LayerTypes, ModelTypes, PortType
from hls_projects.network.network import Network, Weights
from models.quantization.quantizer_types import activation_type

KL = keras.layers
FLOAT32_FRACTION = 126
"""Float32 holds 24 bits from 2 to the power of minus this up to 2 to the power of this."""


@dataclass(frozen=True)
class Bounds:
    """The interval of every element of a tensor: raw integers [1, …], `fraction` bits behind the point."""

    low: Integers
    high: Integers
    fraction: int

    def at(self, fraction: int) -> Bounds:
        """The same intervals with more fraction bits."""
        shift = fraction - self.fraction
        return Bounds(_shifted(self.low, shift), _shifted(self.high, shift), fraction)

    def map(self, function: Callable[[Integers], Integers], more_fraction: int = 0) -> Bounds:
        """The bounds after a function that is monotone in every element."""
        return Bounds(function(self.low), function(self.high), self.fraction + more_fraction)

    def type(self) -> FixedType:
        """The narrowest type that holds them all."""
        return smallest_type(int(self.low.min()), int(self.high.max()), self.fraction)


@dataclass(frozen=True)
class Result:
    """What a layer's rule finds: the bounds of its output and, where it has them, the types and weights inside it.

    `declared` is the type of a quantizer's result where it must have one, `limit` the widest that it may have.
    """

    bounds: Bounds
    declared: FixedType | None = None
    limit: FixedType | None = None
    weight: FixedType | None = None
    bias: FixedType | None = None
    accumulator: FixedType | None = None
    weights: Weights | None = None


@dataclass(frozen=True)
class Geometry:
    """The window of a two-dimensional layer, where it has one."""

    window: Pair = (1, 1)
    strides: Pair = (1, 1)
    padding: Zeros = ops.NO_ZEROS

    @classmethod
    def of(cls, layer: Any) -> Geometry:
        """Read it off a Keras layer."""
        if isinstance(layer, KL.UpSampling2D):
            return cls(window=tuple(layer.size))
        if isinstance(layer, KL.ZeroPadding2D):
            rows, columns = layer.padding
            return cls(padding=(tuple(rows), tuple(columns)))
        if isinstance(layer, KL.MaxPooling2D | KL.AveragePooling2D):
            return cls(tuple(layer.pool_size), tuple(layer.strides))
        if not isinstance(layer, QConv2D | QDepthwiseConv2D):
            return cls()
        window, strides = tuple(layer.kernel_size), tuple(layer.strides)
        size = layer.input_shape[1:3]
        same = ops.same_padding(size, window, strides) if layer.padding == "same" else ops.NO_ZEROS
        return cls(window, strides, same)


def prove_network(lowered: Lowered) -> Network:
    """Find the type of every tensor, weight and accumulator, and the weights as integers.

    Raises:
        UnsupportedModelError: when a sum of the model needs more bits than float32 holds exactly (the Keras model could
            then not be the reference), or more than 63.
    """
    model = lowered.model
    bounds: dict[int, Bounds] = {}
    found: dict[int, FixedType] = {}
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
            bounds[key] = Bounds(np.full(full, kind.raw_min), np.full(full, kind.raw_max), kind.fraction)
            found[key] = kind
            continue
        try:
            result = RULES[type(layer)](layer, [bounds[k] for k in call.inputs])
        except OverflowError as error:
            raise UnsupportedModelError(f"layer '{layer.name}': {error}", remedy="use fewer bits") from None
        bounds[key] = result.bounds
        found[key] = found[call.inputs[0]] if type(layer) in MOVES else result.declared or result.bounds.type()
        if result.limit is not None:
            limits[layer.name] = result.limit
        if result.weights is not None:
            weights[layer.name] = result.weights
        geometry = Geometry.of(layer)
        layers.append(
            LayerTypes(
                name=layer.name,
                kind=type(layer).__name__,
                source=lowered.sources[layer.name],
                inputs=tuple(names[k] for k in call.inputs),
                shape=shape,
                result=found[key],
                weight=result.weight,
                bias=result.bias,
                accumulator=result.accumulator,
                low=float(np.ldexp(float(result.bounds.low.min()), -result.bounds.fraction)),
                high=float(np.ldexp(float(result.bounds.high.max()), -result.bounds.fraction)),
                window=geometry.window,
                strides=geometry.strides,
                padding=geometry.padding,
            )
        )
    types = ModelTypes(
        inputs=tuple(
            port.model_copy(update={"added": port.name in lowered.added_ports})
            for port in _ports(model.inputs, graph.input_keys(model), found)
        ),
        outputs=tuple(
            port.model_copy(update={"left_out": activation})
            for port, activation in zip(
                _ports(model.outputs, graph.output_keys(model), found), lowered.left_out, strict=True
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


def _linear(
    layer: Any, inputs: list[Bounds], kernel_name: str, multiply: Callable[[Integers, Integers], Integers]
) -> Result:
    """Convolutions and dense layers: a sum of products with constant weights, plus a bias."""
    x = inputs[0]
    kernel_values, bias_values = kernel_and_bias(layer, kernel_name)
    kernel, weight = integer_weights(kernel_values)
    fraction = x.fraction + weight.fraction
    bias, bias_type = (None, None) if bias_values is None else integer_weights(bias_values)
    shift = 0
    offset = np.zeros(1, dtype=np.int64)
    if bias is not None and bias_type is not None:
        shift = max(0, bias_type.fraction - fraction)
        offset = _shifted(bias, fraction + shift - bias_type.fraction)
    positive, negative = np.maximum(kernel, 0), np.minimum(kernel, 0)

    def extreme(towards: Integers, away: Integers) -> Integers:
        return _shifted(multiply(towards, positive) + multiply(away, negative), shift)

    zero = np.int64(0)
    output = Bounds(extreme(x.low, x.high) + offset, extreme(x.high, x.low) + offset, fraction + shift)
    lowest = extreme(np.minimum(x.low, zero), np.maximum(x.high, zero)) + np.minimum(offset, zero)
    highest = extreme(np.maximum(x.high, zero), np.minimum(x.low, zero)) + np.maximum(offset, zero)
    accumulator = Bounds(lowest, highest, fraction + shift)
    _check_float32(layer, accumulator)
    return Result(output, None, None, weight, bias_type, _signed(accumulator), Weights(kernel, bias))


def _conv2d(layer: Any, inputs: list[Bounds]) -> Result:
    shape = Geometry.of(layer)
    return _linear(layer, inputs, "kernel", lambda x, w: ops.conv2d(x, w, shape.strides, shape.padding))


def _depthwise(layer: Any, inputs: list[Bounds]) -> Result:
    shape = Geometry.of(layer)
    return _linear(layer, inputs, "depthwise", lambda x, w: ops.depthwise_conv2d(x, w, shape.strides, shape.padding))


def _dense(layer: Any, inputs: list[Bounds]) -> Result:
    return _linear(layer, inputs, "kernel", ops.dense)


def _quantizer(layer: Any, inputs: list[Bounds]) -> Result:
    kind = activation_type(layer.quantizer)
    x = inputs[0]
    finer = max(kind.fraction - x.fraction, 0)
    x = x.at(x.fraction + finer)
    if x.fraction - kind.fraction >= MAX_WIDTH:
        raise OverflowError(f"its step is more than 2**{MAX_WIDTH} steps of what it reads")
    output = Bounds(kind.cast(x.low, x.fraction), kind.cast(x.high, x.fraction), kind.fraction)
    _check_float32(layer, output)
    tight = output.type()
    if tight.width < kind.width:
        tight = FixedType(tight.width, tight.integer, tight.signed, kind.rounding, "SAT")
        return Result(output, declared=tight, limit=kind)
    return Result(output, declared=kind, limit=kind)


def _relu(layer: Any, inputs: list[Bounds]) -> Result:
    return Result(inputs[0].map(lambda raw: np.maximum(raw, 0)))


def _max_pool(layer: Any, inputs: list[Bounds]) -> Result:
    output = inputs[0].map(lambda raw: ops.max_pool(raw, layer.pool_size, layer.strides))
    return Result(output, accumulator=inputs[0].type())


def _average_pool(layer: Any, inputs: list[Bounds]) -> Result:
    x = inputs[0]
    bits = (layer.pool_size[0] * layer.pool_size[1]).bit_length() - 1
    output = x.map(lambda raw: ops.sum_pool(raw, layer.pool_size, layer.strides), bits)
    zero = np.int64(0)
    partial = Bounds(
        ops.sum_pool(np.minimum(x.low, zero), layer.pool_size, layer.strides),
        ops.sum_pool(np.maximum(x.high, zero), layer.pool_size, layer.strides),
        x.fraction,
    )
    # hls4ml divides in the accumulator, which therefore needs the fraction bits of the quotient too.
    accumulator = partial.at(x.fraction + bits)
    _check_float32(layer, accumulator)
    return Result(output, accumulator=_signed(accumulator))


def _upsample(layer: Any, inputs: list[Bounds]) -> Result:
    return Result(inputs[0].map(lambda raw: ops.upsample(raw, layer.size)))


def _reshape(layer: Any, inputs: list[Bounds]) -> Result:
    shape = (1, *(int(size) for size in layer.output_shape[1:]))
    return Result(inputs[0].map(lambda raw: raw.reshape(shape)))


def _pad(layer: Any, inputs: list[Bounds]) -> Result:
    return Result(inputs[0].map(lambda raw: ops.pad(raw, layer.padding)))


def _concatenate(layer: Any, inputs: list[Bounds]) -> Result:
    low, high, fraction = _aligned(inputs)
    return Result(Bounds(np.concatenate(low, axis=-1), np.concatenate(high, axis=-1), fraction))


def _add(layer: Any, inputs: list[Bounds]) -> Result:
    low, high, fraction = _aligned(inputs)
    output = Bounds(sum(low[1:], low[0]), sum(high[1:], high[0]), fraction)
    _check_float32(layer, output)
    return Result(output)


def _aligned(inputs: list[Bounds]) -> tuple[list[Integers], list[Integers], int]:
    fraction = max(x.fraction for x in inputs)
    aligned = [x.at(fraction) for x in inputs]
    return [x.low for x in aligned], [x.high for x in aligned], fraction


def _shifted(raw: Integers, bits: int) -> Integers:
    """The integers with zeros behind them.

    Raises:
        OverflowError: when one could need more than 63 bits.
    """
    largest = max(-int(raw.min()), int(raw.max()))
    if largest and largest.bit_length() + bits > MAX_WIDTH - 1:
        raise OverflowError(f"it needs more than {MAX_WIDTH} bits")
    return raw << bits if largest else raw


def _signed(bounds: Bounds) -> FixedType:
    """Accumulators are signed, so that a single negative term cannot surprise a tool."""
    return smallest_type(min(int(bounds.low.min()), -1), int(bounds.high.max()), bounds.fraction)


def _check_float32(layer: Any, bounds: Bounds) -> None:
    largest = max(-int(bounds.low.min()), int(bounds.high.max()))
    numbers = "values" if isinstance(layer, QActivation) else "sums"
    if largest > FLOAT32_INTEGERS:
        raise UnsupportedModelError(
            f"layer '{layer.name}': its {numbers} need {largest.bit_length() + 1} bits, float32 is exact up to 25, so "
            "the Keras model itself does not compute them exactly",
            remedy="use fewer weight or activation bits, or a quantizer before this layer",
        )
    if bounds.fraction > FLOAT32_FRACTION or largest.bit_length() - bounds.fraction > FLOAT32_FRACTION:
        raise UnsupportedModelError(
            f"layer '{layer.name}': its {numbers} are smaller or larger than the numbers of float32",
            remedy="use weights and quantizers nearer to 1",
        )


MOVES = (KL.UpSampling2D, KL.Flatten, KL.Reshape, KL.ZeroPadding2D)
"""Layers that only move numbers: their type is that of their input (every type holds zero)."""

RULES: dict[type[Any], Callable[[Any, list[Bounds]], Result]] = {
    QConv2D: _conv2d,
    QDepthwiseConv2D: _depthwise,
    QDense: _dense,
    QActivation: _quantizer,
    KL.ReLU: _relu,
    KL.MaxPooling2D: _max_pool,
    KL.AveragePooling2D: _average_pool,
    KL.UpSampling2D: _upsample,
    KL.Flatten: _reshape,
    KL.Reshape: _reshape,
    KL.ZeroPadding2D: _pad,
    KL.Concatenate: _concatenate,
    KL.Add: _add,
}
"""One rule a plain layer."""
