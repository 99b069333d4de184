"""The reference in integers: a network run layer by layer in int64, one obvious line an operation.

Slow and plain on purpose: every faster form of the network is held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hls_projects.network import integer_ops as ops
from hls_projects.network.integer_ops import Integers
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Network, Weights


def run(network: Network, inputs: Sequence[Integers]) -> dict[str, Integers]:
    """The raw integers of every layer.

    Args:
        network: the lowered model.
        inputs: int64 [vectors, …] an input, in the type of its port.

    Returns:
        int64 [vectors, …] by layer, inputs included, each in the layer's result type.
    """
    types = {port.name: port.type for port in network.types.inputs}
    found = {port.name: np.asarray(x, dtype=np.int64) for port, x in zip(network.types.inputs, inputs, strict=True)}
    for layer in network.types.layers:
        sources = [(found[name], types[name].fraction) for name in layer.inputs]
        found[layer.name] = OPERATIONS[layer.kind](layer, network.weights.get(layer.name), sources)
        types[layer.name] = layer.result
    return found


def outputs(network: Network, inputs: Sequence[Integers]) -> list[Integers]:
    """The raw integers of every output: int64 [vectors, …]."""
    found = run(network, inputs)
    return [found[port.name] for port in network.types.outputs]


Sources = list[tuple[Integers, int]]
Operation = Callable[[LayerTypes, Weights | None, Sources], Integers]


def _products(multiply: Callable[[Integers, LayerTypes, Integers], Integers]) -> Operation:
    """A sum of products with constant weights, plus a bias, at the fraction of the result."""

    def operation(layer: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
        if weights is None or layer.weight is None:
            raise ValueError(f"layer '{layer.name}' has no weights")
        (x, fraction), target = sources[0], layer.result.fraction
        total = multiply(x, layer, weights.kernel) << (target - fraction - layer.weight.fraction)
        if weights.bias is not None and layer.bias is not None:
            total = total + (weights.bias << (target - layer.bias.fraction))
        return np.asarray(total)

    return operation


def _quantize(layer: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
    return layer.result.cast(*sources[0])


def _move(change: Callable[[Integers, LayerTypes], Integers]) -> Operation:
    """An operation on one tensor that keeps or refines its fraction."""
    return lambda layer, weights, sources: change(sources[0][0], layer)


def _aligned(layer: LayerTypes, sources: Sources) -> list[Integers]:
    return [x << (layer.result.fraction - fraction) for x, fraction in sources]


def _image(layer: LayerTypes, weights: Weights | None, sources: Sources) -> Integers:
    """The image of candidates, in the type of the network's input."""
    if layer.builder is None:
        raise ValueError(f"layer '{layer.name}' has no image builder")
    pt, eta, phi, seed_eta, seed_phi = (x for x, _ in sources)
    image = layer.builder.build(pt, eta, phi, seed_eta, seed_phi)
    return layer.result.cast(image, layer.builder.result.fraction)


def _average(x: Integers, layer: LayerTypes) -> Integers:
    return ops.sum_pool(x, layer.window, layer.strides)


OPERATIONS: dict[str, Operation] = {
    "QConv2D": _products(lambda x, layer, w: ops.conv2d(x, w, layer.strides, layer.padding)),
    "QDepthwiseConv2D": _products(lambda x, layer, w: ops.depthwise_conv2d(x, w, layer.strides, layer.padding)),
    "QDense": _products(lambda x, layer, w: ops.dense(x, w)),
    "QActivation": _quantize,
    "ReLU": _move(lambda x, layer: np.maximum(x, 0)),
    "MaxPooling2D": _move(lambda x, layer: ops.max_pool(x, layer.window, layer.strides)),
    "AveragePooling2D": _move(_average),
    "UpSampling2D": _move(lambda x, layer: ops.upsample(x, layer.window)),
    "Spread": _move(lambda x, layer: ops.spread(x, layer.window)),
    "Flatten": _move(lambda x, layer: x.reshape(len(x), *layer.shape)),
    "Reshape": _move(lambda x, layer: x.reshape(len(x), *layer.shape)),
    "ZeroPadding2D": _move(lambda x, layer: ops.pad(x, layer.padding)),
    "Concatenate": lambda layer, weights, sources: np.concatenate(_aligned(layer, sources), axis=-1),
    "Add": lambda layer, weights, sources: np.asarray(sum(_aligned(layer, sources))),
    "ImageBuilder": _image,
}
"""What each plain layer computes, by the name of its Keras class; `Spread` is none, `rtl/rewrite.py` makes it."""
