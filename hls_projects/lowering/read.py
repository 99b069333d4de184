"""A lowered Keras model as an integer network; nothing is known yet of how large its numbers become."""

from __future__ import annotations

from typing import Any

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import MAX_WIDTH, FixedType
from hls_projects.lowering.calls import calls
from hls_projects.lowering.lower import Lowered
from hls_projects.lowering.plain_model import weight_type
from hls_projects.lowering.weights import kernel_and_bias
from hls_projects.network.graph import Graph, Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.layer import Layer, plain_layer
from hls_projects.network.network import Network, Weights
from hls_projects.network.port import Port
from models.quantization.quantizer_types import activation_type


def read_network(lowered: Lowered) -> Network:
    """The nodes of a lowered model with their geometry, and its weights as integers.

    Results of quantizers have the type that the model declares. All other results have the widest type there is, with
    the bits behind the point that the inputs and weights of the node give; `network/assign_types.py` narrows them.

    Raises:
        UnsupportedModelError: a weight that is not finite, or a quantizer without a type.
    """
    names: dict[int, str] = {}
    results: dict[str, FixedType] = {}
    nodes: list[Node] = []
    weights: dict[str, Weights] = {}
    for call in calls(lowered.model):
        layer = call.layer
        names[call.outputs[0]] = layer.name
        if layer.name in lowered.ports:
            results[layer.name] = lowered.ports[layer.name]
            continue
        inputs = tuple(names[key] for key in call.inputs)
        node, constants = _read(layer, lowered.sources[layer.name], inputs, [results[name] for name in inputs])
        results[layer.name] = node.result
        nodes.append(node)
        if constants is not None:
            weights[layer.name] = constants
    ports = [
        port.model_copy(update={"added": port.name in lowered.added_ports})
        for port in _ports(lowered.model.inputs, results)
    ]
    outputs = [
        port.model_copy(update={"left_out": activation})
        for port, activation in zip(_ports(lowered.model.outputs, results), lowered.left_out, strict=True)
    ]
    return Network(Graph(inputs=tuple(ports), outputs=tuple(outputs), layers=tuple(nodes)), weights)


def _read(layer: Any, source: str, inputs: tuple[str, ...], types: list[FixedType]) -> tuple[Node, Weights | None]:
    """One layer as a node, and its weights.

    Args:
        layer: the Keras layer.
        source: the layer of the original model that it comes from.
        inputs: the nodes and ports that it reads.
        types: of these.
    """
    plain = plain_layer(type(layer).__name__)
    geometry = plain.geometry(layer)
    node = Node(
        name=layer.name,
        kind=plain.kind,
        source=source,
        inputs=inputs,
        shape=tuple(int(size) for size in layer.output_shape[1:]),
        result=activation_type(layer.quantizer) if plain.quantizes else FixedType(MAX_WIDTH, MAX_WIDTH),
        low=0.0,
        high=0.0,
        window=geometry.window,
        strides=geometry.strides,
        padding=geometry.padding,
    )
    node, weights = _with_weights(plain, layer, node)
    if plain.quantizes:
        return node, weights
    fraction = plain.fraction(node, [source_type.fraction for source_type in types])
    return node.model_copy(update={"result": FixedType(MAX_WIDTH, MAX_WIDTH - fraction)}), weights


def _with_weights(plain: Layer, layer: Any, node: Node) -> tuple[Node, Weights | None]:
    """A node with the types of its kernel and bias, and both as integers."""
    if plain.kernel is None:
        return node, None
    kernel, bias = kernel_and_bias(layer, plain.kernel)
    raw_kernel, kernel_type = _integers(kernel)
    raw_bias, bias_type = (None, None) if bias is None else _integers(bias)
    typed = node.model_copy(update={"weight": kernel_type, "bias": bias_type})
    return typed, Weights(raw_kernel, raw_bias)


def _integers(values: Any) -> tuple[Integers, FixedType]:
    """Weights that lie on a grid as raw integers, and their type."""
    number_format = weight_type(values)
    if number_format is None:
        raise UnsupportedModelError("a weight is not finite")
    return number_format.quantize(values), number_format


def _ports(tensors: list[Any], results: dict[str, FixedType]) -> list[Port]:
    """Inputs or outputs of the model, in order."""
    return [
        Port(name=name, shape=tuple(int(size) for size in tensor.shape[1:]), type=results[name])
        for name, tensor in ((tensor.node.layer.name, tensor) for tensor in tensors)
    ]
