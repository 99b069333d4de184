"""The same network in layers that cost less as logic."""

from __future__ import annotations

from collections import Counter

from hls_projects.model_types import LayerTypes
from hls_projects.network import Network

CONVOLUTIONS = ("QConv2D", "QDepthwiseConv2D")


def fold_padding(network: Network) -> Network:
    """Zeros around an image as the padding of the convolution behind them, where nothing else uses them."""
    users = _users(network)
    padded = {layer.name: layer for layer in network.types.layers if layer.kind == "ZeroPadding2D"}
    layers: list[LayerTypes] = []
    gone: set[str] = set()
    for layer in network.types.layers:
        source = padded.get(layer.inputs[0])
        if source is not None and layer.kind in CONVOLUTIONS and users[source.name] == 1:
            (t, b), (le, r) = layer.padding
            (top, bottom), (left, right) = source.padding
            update = {"inputs": source.inputs, "padding": ((t + top, b + bottom), (le + left, r + right))}
            layer = layer.model_copy(update=update)
            gone.add(source.name)
        layers.append(layer)
    return _with(network, [layer for layer in layers if layer.name not in gone])


def pool_first(network: Network) -> Network:
    """Maximum pooling before the quantizer it follows: a saturating quantizer is monotone, so the maximum passes it.

    A quarter of the quantizers remains, the comparators become wider.
    """
    users = _users(network)
    layers = list(network.types.layers)
    for position, pool in enumerate(layers):
        before = next((i for i, layer in enumerate(layers) if layer.name == pool.inputs[0]), None)
        if pool.kind != "MaxPooling2D" or before is None:
            continue
        quantizer = layers[before]
        if quantizer.kind != "QActivation" or quantizer.result.overflow == "WRAP" or users[quantizer.name] != 1:
            continue
        source = next((layer for layer in layers if layer.name == quantizer.inputs[0]), None)
        if source is None:
            continue
        geometry = {"window": pool.window, "strides": pool.strides, "shape": pool.shape}
        bounds = {"result": source.result, "low": source.low, "high": source.high}
        layers[before] = pool.model_copy(
            update={"name": quantizer.name, "inputs": quantizer.inputs, **geometry, **bounds}
        )
        layers[position] = quantizer.model_copy(update={"name": pool.name, "inputs": pool.inputs, "shape": pool.shape})
    return _with(network, layers)


def _users(network: Network) -> Counter[str]:
    used = [name for layer in network.types.layers for name in layer.inputs]
    return Counter(used + [port.name for port in network.types.outputs])


def _with(network: Network, layers: list[LayerTypes]) -> Network:
    return Network(network.types.model_copy(update={"layers": tuple(layers)}), network.weights)
