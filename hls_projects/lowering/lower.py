"""Lowering: the same function in plain layers.

Everything clever is allowed in training; only plain things reach hardware. A lowered model consists of `QConv2D`,
`QDepthwiseConv2D`, `QDense`, `QActivation`, `ReLU`, `MaxPooling2D`, `AveragePooling2D`, `UpSampling2D` (nearest),
`Concatenate`, `Add`, `Flatten`, `Reshape` and `ZeroPadding2D`, begins with one explicit quantizer an input and computes
the same numbers as the model it came from. What has no exact form is refused by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qkeras import QActivation
from qkeras.quantizers import BaseQuantizer
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.lowering import rule_for
from hls_projects.lowering.arithmetic import require_float32, require_known_arithmetic
from hls_projects.lowering.calls import Call, calls, input_keys, output_keys
from hls_projects.lowering.plain_model import FLOAT32_INTEGERS, PlainModel
from hls_projects.lowering.structure import TRAINING_ONLY
from models.quantization.channel_bits import undecided
from models.quantization.exact import exact_inference
from models.quantization.quantizer_types import NoFixedTypeError, activation_type


@dataclass(frozen=True)
class Lowered:
    """A model in plain layers.

    Attributes:
        model: the plain model; its inputs and outputs are those of the original, in order.
        sources: for every layer of it, the name of the layer it comes from.
        ports: the fixed-point type of every input, by the name of its input layer; it rounds half to even and saturates
            as the first layer does.
        added_ports: the inputs whose type was given by the user, because the model has no quantizer there.
        left_out: for every output, the activation that was left out; None where there was none.
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
    plain = PlainModel(logits)
    tensors: dict[int, Any] = {}
    ports: dict[str, FixedType] = {}
    added: set[str] = set()
    inputs = []
    for key, tensor in zip(input_keys(model), model.inputs, strict=True):
        name = tensor.node.layer.name
        shape = tuple(tensor.shape[1:])
        if None in shape or len(shape) not in (1, 3):
            raise UnsupportedModelError(
                f"the input '{name}' has shape {shape}", remedy="inputs are vectors or images of known size"
            )
        with plain.source(name):
            port = keras.Input(shape, name=plain.name())
            quantizers = _first_types(model, key)
            number_format = next(iter(quantizers)) if len(quantizers) == 1 else None
            if number_format is None:
                number_format = _given(port_type, name, alone=bool(quantizers - {None}))
                added.add(port.node.layer.name)
            _require_float32(name, tensor, number_format)
            ports[port.node.layer.name] = number_format
            tensors[key] = plain.quantize(port, number_format, suffix="port")
            inputs.append(port)
    ends = output_keys(model)
    left_out = _run(model, tensors, plain, set(ends))
    outputs = _apart(ends, tensors, input_keys(model), plain)
    lowered = exact_inference(keras.Model(inputs, outputs, name="lowered"))
    return Lowered(lowered, plain.sources, ports, frozenset(added), tuple(left_out.get(key) for key in ends))


def _apart(ends: Sequence[int], tensors: dict[int, Any], ports: Sequence[int], plain: PlainModel) -> list[Any]:
    """The outputs of the plain model, no two of them the same numbers and none an input: hls4ml gives each a name."""
    taken = {id(_origin(tensors[key])) for key in ports}
    outputs = []
    for number, key in enumerate(ends):
        x = tensors[key]
        if id(_origin(x)) in taken:
            with plain.source(f"output_{number}"):
                x = plain.copy(x)
        taken.add(id(_origin(x)))
        outputs.append(x)
    return outputs


def _origin(x: Any) -> Any:
    """The tensor whose numbers these are in another shape."""
    while isinstance(x.node.layer, keras.layers.Flatten | keras.layers.Reshape):
        (x,) = x.node.keras_inputs
    return x


def _run(model: keras.Model, tensors: dict[int, Any], plain: PlainModel, ends: set[int]) -> dict[int, str]:
    """Lower every call of a model; returns the activations that were left out, by the tensors behind them.

    Args:
        model: the model, or one that is a layer of it.
        tensors: its inputs; receives everything else.
        plain: the plain model so far.
        ends: its tensors that are outputs of the whole model and nothing else.
    """
    left_out: dict[int, str] = {}
    layer_calls = [call for call in calls(model) if not isinstance(call.layer, keras.layers.InputLayer)]
    ends = _unread(ends, layer_calls)
    for call in layer_calls:
        layer, arguments = call.layer, [tensors[key] for key in call.inputs]
        if isinstance(layer, keras.Model):
            inner, keys = dict(zip(input_keys(layer), arguments, strict=True)), output_keys(layer)
            outer = list(zip(keys, call.outputs, strict=True))
            left_out_inside = _run(
                layer, inner, plain, set(keys) - {key for key, behind in outer if behind not in ends}
            )
            results = [inner[key] for key in keys]
            left_out |= {behind: left_out_inside[key] for key, behind in outer if key in left_out_inside}
        else:
            plain.at_end = ends.issuperset(call.outputs)
            with plain.source(layer.name):
                require_known_arithmetic(layer, plain)
                results = rule_for(layer)(layer, arguments, plain)
                if plain.left_out is not None:
                    require_float32(layer, plain)
                    left_out[call.outputs[0]] = plain.left_out
            if isinstance(layer, TRAINING_ONLY) and call.inputs[0] in left_out:
                left_out[call.outputs[0]] = left_out[call.inputs[0]]
        tensors.update(zip(call.outputs, results, strict=True))
    return left_out


def _unread(ends: set[int], layer_calls: list[Call]) -> set[int]:
    """Those of the outputs that no layer reads, and tensors that reach them only through layers that do nothing."""
    readers = Counter(key for call in layer_calls for key in call.inputs)
    unread = {key for key in ends if not readers[key]}
    for call in reversed(layer_calls):
        if isinstance(call.layer, TRAINING_ONLY) and call.outputs[0] in unread:
            unread |= {key for key in call.inputs if readers[key] == 1 and key not in ends}
    return unread


def _first_types(model: keras.Model, key: int) -> set[FixedType | None]:
    """The types of the quantizers that read an input; None stands for any other reader."""
    types: set[FixedType | None] = {None} if key in output_keys(model) else set()
    for call in calls(model):
        if key not in call.inputs:
            continue
        if isinstance(call.layer, keras.Model):
            inner = zip(call.inputs, input_keys(call.layer), strict=True)
            types |= {first for outer, inside in inner if outer == key for first in _first_types(call.layer, inside)}
        elif isinstance(call.layer, QActivation) and isinstance(call.layer.quantizer, BaseQuantizer):
            try:
                types.add(activation_type(call.layer.quantizer))
            except NoFixedTypeError as error:
                raise UnsupportedModelError(f"layer '{call.layer.name}': {error}", remedy=error.remedy) from None
        else:
            types.add(None)
    return types


def _require_float32(name: str, tensor: Any, number_format: FixedType) -> None:
    """Refuse inputs whose values the Keras model is not given, or does not hold."""
    if tensor.dtype.name not in ("float32", "float64"):
        raise UnsupportedModelError(
            f"the input '{name}' takes numbers of {tensor.dtype.name}, which are no fixed-point numbers",
            remedy="build the model with an input of float32",
        )
    if max(-number_format.raw_min, number_format.raw_max) > FLOAT32_INTEGERS:
        raise UnsupportedModelError(
            f"the input '{name}' is of {number_format.width} bits, float32 holds no more than 24 and a sign, so the "
            "Keras model itself does not take it exactly",
            remedy="quantize it to fewer bits",
        )


def _given(port_type: FixedType | None, name: str, alone: bool) -> FixedType:
    """The type given for inputs without a quantizer, rounding half to even and saturating."""
    if port_type is None:
        reason = "is not read by one quantizer alone" if alone else "does not meet a quantizer first"
        raise UnsupportedModelError(
            f"the input '{name}' {reason}, so its type is unknown",
            remedy="give its type: `--input-type 'ap_fixed<8,1>'`",
        )
    return FixedType(port_type.width, port_type.integer, port_type.signed, "RND_CONV", "SAT")
