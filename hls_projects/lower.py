"""Lowering: the same function in plain layers.

Everything clever is allowed in training; only plain things reach hardware. A lowered model consists of `QConv2D`,
`QDepthwiseConv2D`, `QDense`, `QActivation`, `ReLU`, `MaxPooling2D`, `AveragePooling2D`, `UpSampling2D` (nearest),
`Concatenate`, `Add`, `Flatten`, `Reshape` and `ZeroPadding2D`, begins with one explicit quantizer an input and computes
the same numbers as the model it came from. What has no exact form is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qkeras import QActivation
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects import graph
from hls_projects.lowering import rule_for
from hls_projects.lowering.builder import Builder
from models.channel_bits import undecided
from models.exact import exact_inference
from models.quantizer_types import NoFixedTypeError, activation_type


@dataclass(frozen=True)
class Lowered:
    """A model in plain layers.

    Attributes:
        model: the plain model; its inputs and outputs are those of the original, in order.
        sources: for every layer of it, the name of the layer it comes from.
        ports: the fixed-point type of every input, by the name of its input layer; rounding half to even and
            saturating, so that quantizing to it is what the first layer does.
        added_ports: the inputs whose type was given, because the model has no quantizer there.
        left_out: for every output, the activation that was left out where logits were asked for.
    """

    model: keras.Model
    sources: dict[str, str]
    ports: dict[str, FixedType]
    added_ports: frozenset[str]
    left_out: tuple[str | None, ...]


def lower(model: keras.Model, *, port_type: FixedType | None = None, logits: bool = False) -> Lowered:
    """Rewrite a model in plain layers that compute the same numbers.

    Args:
        model: a functional or sequential model; its quantizers are switched to exact inference.
        port_type: the type of inputs that do not meet a quantizer first (saturating, rounding half to even).
        logits: leave a softmax or sigmoid at the outputs out.

    Raises:
        UnsupportedModelError: with the layer and the reason.
    """
    for name, _ in undecided(model):
        raise UnsupportedModelError(f"layer '{name}': its bits per channel are not chosen yet", remedy="train it")
    exact_inference(model)
    build = Builder()
    tensors: dict[int, Any] = {}
    ports: dict[str, FixedType] = {}
    added: set[str] = set()
    inputs = []
    for key, tensor in zip(graph.input_keys(model), model.inputs, strict=True):
        name = tensor.node.layer.name
        shape = tuple(tensor.shape[1:])
        if None in shape or len(shape) not in (1, 3):
            raise UnsupportedModelError(
                f"the input '{name}' has shape {shape}", remedy="inputs are vectors or images of known size"
            )
        with build.source(name):
            port = keras.Input(shape, name=build.name())
            kind = _own_port_type(model, key)
            if kind is None:
                kind = _given(port_type, name)
                added.add(port.node.layer.name)
            ports[port.node.layer.name] = kind
            tensors[key] = build.quantize(port, kind, suffix="port")
            inputs.append(port)
    _run(model, tensors, build, logits)
    ends = graph.output_keys(model)
    plain = exact_inference(keras.Model(inputs, [tensors[key] for key in ends], name="lowered"))
    left_out = tuple(build.left_out.get(id(tensors[key])) for key in ends)
    return Lowered(plain, build.sources, ports, frozenset(added), left_out)


def _run(model: keras.Model, tensors: dict[int, Any], build: Builder, logits: bool) -> None:
    """Lower every call of a model; `tensors` holds its inputs and receives everything else."""
    ends = set(graph.output_keys(model)) if logits else set()
    for call in graph.calls(model):
        if isinstance(call.layer, keras.layers.InputLayer):
            continue
        arguments = [tensors[key] for key in call.inputs]
        if isinstance(call.layer, keras.Model):
            inner = dict(zip(graph.input_keys(call.layer), arguments, strict=True))
            _run(call.layer, inner, build, logits=False)
            results = [inner[key] for key in graph.output_keys(call.layer)]
        else:
            build.logits = bool(ends & set(call.outputs))
            with build.source(call.layer.name):
                results = rule_for(call.layer)(call.layer, arguments, build)
        tensors.update(zip(call.outputs, results, strict=True))


def _own_port_type(model: keras.Model, key: int) -> FixedType | None:
    """The type of the one quantizer that all users of an input are; None where they are something else."""
    found: set[FixedType | None] = set()
    for call in graph.calls(model):
        if key in call.inputs:
            try:
                found.add(activation_type(call.layer.quantizer) if isinstance(call.layer, QActivation) else None)
            except NoFixedTypeError:
                found.add(None)
    return found.pop() if len(found) == 1 else None


def _given(port_type: FixedType | None, name: str) -> FixedType:
    """The type given for inputs without a quantizer, rounding half to even and saturating."""
    if port_type is None:
        raise UnsupportedModelError(
            f"the input '{name}' is not quantized first, so its type is unknown",
            remedy="give its type: `--input-type 'ap_fixed<8,1>'`",
        )
    return FixedType(port_type.width, port_type.integer, port_type.signed, "RND_CONV", "SAT")
