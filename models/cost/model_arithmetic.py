"""The arithmetic of a whole Keras or QKeras model: every layer with its widths, and the total.

Widths: activations have the bits of their quantizer, sums of products the bits that hold them exactly, float layers 32.
The conventions of counting are those of `models.cost.arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from models.cost import arithmetic, symmetric_arithmetic
from models.cost.arithmetic import FLOAT_BITS, Cost, Widths
from models.layers.window_geometry import Shape
from models.quantization.sparsity import Weights, added, weights_of


@dataclass(frozen=True)
class LayerArithmetic:
    """One layer (or one call of a shared one).

    Attributes:
        name: its name.
        layer_class: its class.
        widths: bits of its numbers.
        cost: what it costs; parameters are counted once.
        weights: how many there are and how many are not 0; counted once.
        nonzero_multiplications: those of its multiplications, padded zeros included, whose weight is not 0.
        unrolled_digits: signed digits of the weights, each as often as it stands in unrolled logic, which adds once for
            it; None where the weights are float.
    """

    name: str
    layer_class: str
    widths: Widths
    cost: Cost
    weights: Weights
    nonzero_multiplications: int
    unrolled_digits: int | None


@dataclass(frozen=True)
class ModelArithmetic:
    """The layers in the order of the data, and their sum."""

    layers: tuple[LayerArithmetic, ...]

    @property
    def total(self) -> Cost:
        """The cost of the model; its output shape is that of the last layer."""
        return reduce(add, (layer.cost for layer in self.layers))

    @property
    def weights(self) -> Weights:
        """The weights of all layers."""
        return sum((layer.weights for layer in self.layers), Weights())

    @property
    def nonzero_multiplications(self) -> int:
        """The multiplications by weights that are not 0, of all layers."""
        return sum(layer.nonzero_multiplications for layer in self.layers)

    @property
    def unrolled_digits(self) -> int | None:
        """Those of all layers; None where one has float weights."""
        return reduce(added, (layer.unrolled_digits for layer in self.layers))

    def as_json(self) -> dict[str, Any]:
        """The content of `arithmetic.json` for this model."""
        layers = [
            {"name": layer.name, "kind": layer.layer_class, "activation_bits": layer.widths.activation}
            | {"weight_bits": layer.widths.weight if layer.cost.parameters else None}
            | asdict(layer.cost)
            | _nonzero(layer)
            for layer in self.layers
        ]
        return {"layers": layers, "total": asdict(self.total) | _nonzero(self)}


def _nonzero(counted: LayerArithmetic | ModelArithmetic) -> dict[str, int | None]:
    return {
        "weights": counted.weights.all,
        "nonzero_weights": counted.weights.nonzero,
        "nonzero_multiplications": counted.nonzero_multiplications,
        "signed_digits": counted.weights.digits,
        "unrolled_digits": counted.unrolled_digits,
    }


def count(model: keras.Model) -> ModelArithmetic:
    """Walk a built model and count every layer.

    Shapes with fewer than three axes are extended to (1, 1, n) in front; the batch axis is left out.

    Raises:
        UnsupportedModelError: for a layer whose arithmetic is not known, by name.
    """
    layers: list[LayerArithmetic] = []
    bits: dict[int, int] = {}
    counted_layers: set[str] = set()
    for layer, inputs, outputs in _calls(model):
        incoming = max((bits.get(id(tensor), FLOAT_BITS) for tensor in inputs), default=FLOAT_BITS)
        shapes = [_shape(tensor, layer) for tensor in inputs] or [_shape(outputs[0], layer)]
        rule = _RULES.get(type(layer).__name__)
        if rule is None:
            layer_class = type(layer).__name__
            raise UnsupportedModelError(f"layer {layer.name!r}: the arithmetic of {layer_class} is not known")
        widths = Widths(incoming, _weight_bits(layer))
        cost, outgoing = rule(layer, shapes, widths)
        cost = replace(
            cost,
            output_shape=_shape(outputs[0], layer),
            parameters=0 if layer.name in counted_layers else int(layer.count_params()),
        )
        weights = weights_of(layer)
        weights_once = Weights() if layer.name in counted_layers else weights
        nonzero = weights.share(cost.multiplications)
        digits = weights.unrolled_digits(cost.multiplications_inside)
        counted_layers.add(layer.name)
        layers.append(LayerArithmetic(layer.name, type(layer).__name__, widths, cost, weights_once, nonzero, digits))
        outgoing = _quantizer_bits(getattr(layer, "activation", None)) or outgoing
        bits |= {id(tensor): outgoing for tensor in outputs}
    return ModelArithmetic(tuple(layers))


Rule = Callable[[Any, list[Shape], Widths], tuple[Cost, int]]


def _calls(model: keras.Model) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    """Every call of every layer, inputs before outputs."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            inputs = [] if node.is_input else list(node.keras_inputs)
            outputs = node.outputs if isinstance(node.outputs, list | tuple) else [node.outputs]
            yield node.layer, inputs, list(outputs)


def _shape(tensor: Any, layer: Any) -> Shape:
    sizes = tuple(tensor.shape)[1:]
    if len(sizes) > 3 or any(size is None for size in sizes):
        raise UnsupportedModelError(f"layer {layer.name!r}: the shape {tensor.shape} is not fixed or has too many axes")
    rows, columns, channels = (1,) * (3 - len(sizes)) + tuple(int(size) for size in sizes)
    return rows, columns, channels


def _quantizer_bits(quantizer: Any) -> int | None:
    bits = getattr(quantizer, "bits", None)
    if bits is None:
        return {"binary": 1, "stochastic_binary": 1, "ternary": 2, "stochastic_ternary": 2}.get(
            type(quantizer).__name__
        )
    return int(np.asarray(bits))


def _weight_bits(layer: Any) -> int:
    names = ("kernel_quantizer_internal", "depthwise_quantizer_internal")
    return next((bits for name in names if (bits := _quantizer_bits(getattr(layer, name, None)))), FLOAT_BITS)


def _window(layer: Any) -> dict[str, Any]:
    """Kernel, stride, padding and dilation of a layer along two axes (one-dimensional layers lie along the columns)."""

    def two(values: Any) -> tuple[int, int]:
        return (1, int(values[0])) if len(values) == 1 else (int(values[0]), int(values[1]))

    padding = layer.padding.lower()
    if padding not in ("valid", "same") or layer.data_format != "channels_last":
        raise UnsupportedModelError(f"layer {layer.name!r}: padding {padding!r} or {layer.data_format!r} is not known")
    stride, dilation = two(layer.strides), two(layer.dilation_rate)
    return {"kernel": two(layer.kernel_size), "stride": stride, "padding": padding, "dilation": dilation}


def _convolution(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    window = _window(layer)
    cost = arithmetic.convolution(shapes[0], layer.filters, groups=layer.groups, widths=widths, **window)
    terms = window["kernel"][0] * window["kernel"][1] * shapes[0][2] // layer.groups
    return cost, arithmetic.sum_bits(terms, widths)


def _transposed(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    window = _window(layer)
    if getattr(layer, "output_padding", None) is not None:
        raise UnsupportedModelError(f"layer {layer.name!r}: the arithmetic of output_padding is not known")
    cost = arithmetic.transposed_convolution(shapes[0], layer.filters, widths=widths, **window)
    return cost, arithmetic.sum_bits(window["kernel"][0] * window["kernel"][1] * shapes[0][2], widths)


def _depthwise(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    window = _window(layer)
    cost = arithmetic.depthwise(shapes[0], depth_multiplier=layer.depth_multiplier, widths=widths, **window)
    return cost, arithmetic.sum_bits(window["kernel"][0] * window["kernel"][1], widths)


def _separable(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    window = _window(layer)
    second = _quantizer_bits(getattr(layer, "pointwise_quantizer_internal", None)) or FLOAT_BITS
    cost = arithmetic.separable(
        shapes[0],
        layer.filters,
        depth_multiplier=layer.depth_multiplier,
        widths=widths,
        pointwise_weight=second,
        **window,
    )
    between = Widths(arithmetic.sum_bits(window["kernel"][0] * window["kernel"][1], widths), second)
    return cost, arithmetic.sum_bits(shapes[0][2] * layer.depth_multiplier, between)


def _dense(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    rows, columns, channels = shapes[0]
    cost = arithmetic.pointwise((rows, columns, channels), layer.units, widths=widths)
    return cost, arithmetic.sum_bits(channels, widths)


def _normalisation(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    """One multiplication a number, as long as it is not folded into the convolution before it."""
    numbers = shapes[0][0] * shapes[0][1] * shapes[0][2]
    bit_operations = numbers * arithmetic.pointwise((1, 1, 1), 1, widths=widths).bit_operations
    return Cost(shapes[0], numbers, numbers, 0, bit_operations), FLOAT_BITS


def _wires(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise UnsupportedModelError(
            f"layer {layer.name!r}: the arithmetic of {layer.interpolation} upsampling is not known"
        )
    return Cost(shapes[0]), widths.activation


def _sum(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    """Additions alone: of whole tensors, or within a pooling window."""
    window = getattr(layer, "pool_size", None)
    terms = int(np.prod(window)) if window is not None else len(shapes)
    if type(layer).__name__.endswith(("GlobalAveragePooling1D", "GlobalAveragePooling2D")):
        terms = shapes[0][0] * shapes[0][1]
    grown = widths.activation + (terms - 1).bit_length()
    return Cost(shapes[0]), min(grown, FLOAT_BITS)


def _activation(layer: Any, shapes: list[Shape], widths: Widths) -> tuple[Cost, int]:
    """An activation function: its quantizer's bits, the input's for a rectifier, else float."""
    bits = _quantizer_bits(getattr(layer, "quantizer", None))
    name = getattr(getattr(layer, "activation", None), "__name__", type(layer).__name__)
    keeps = name in ("relu", "linear", "ReLU")
    return Cost(shapes[0]), bits or (widths.activation if keeps else FLOAT_BITS)


_RULES: dict[str, Rule] = {
    name: rule
    for rule, names in {
        _convolution: "Conv1D Conv2D QConv1D QConv2D QConv2DBatchnorm",
        _transposed: "Conv1DTranspose Conv2DTranspose QConv2DTranspose QuantizedConv2DTranspose",
        _depthwise: "DepthwiseConv1D DepthwiseConv2D QDepthwiseConv2D QDepthwiseConv2DBatchnorm",
        _separable: "SeparableConv1D SeparableConv2D QSeparableConv1D QSeparableConv2D",
        _dense: "Dense QDense",
        symmetric_arithmetic.of_group_layer: "GroupConv2D GroupSeparableConv2D",
        symmetric_arithmetic.of_group_dense: "GroupDense",
        symmetric_arithmetic.of_view_layer: "ViewConv2D ViewSeparableConv2D",
        symmetric_arithmetic.of_view_dense: "ViewDense",
        _normalisation: "BatchNormalization QBatchNormalization",
        _activation: "Activation QActivation ReLU LeakyReLU Softmax",
        _sum: "Add Average AveragePooling1D AveragePooling2D QAveragePooling2D GlobalAveragePooling1D "
        "GlobalAveragePooling2D QGlobalAveragePooling2D",
        _wires: "InputLayer MaxPooling1D MaxPooling2D GlobalMaxPooling1D GlobalMaxPooling2D UpSampling1D UpSampling2D "
        "ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D Flatten Reshape Permute Concatenate Dropout "
        "SpatialDropout2D HexagonalMaxPooling2D",
    }.items()
    for name in names.split()
}
