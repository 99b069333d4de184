"""The plain layers as logic: one small handler a layer, on arrays of traced values.

A tensor is an object array of the compiler's `FVariable`, [rows, columns, channels] or [values]; every element knows
its own interval, so each gets just the bits it needs. The handlers mirror `hls_projects.network.integer_model`, which
says what they must compute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.cmvm import cmvm_solve
from alkaid.types import QInterval

from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Network, Weights
from hls_projects.rtl.image_builder import image
from hls_projects.rtl.quantizer import Form, quantize
from hls_projects.rtl.values import Tensor, fresh, larger, objects, tree, variable


class Tracer:
    """Builds the logic of layers; equal products of a window and a kernel are solved once."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._solved: dict[Any, Any] = {}

    def layer(self, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
        """The outputs of one layer."""
        return HANDLERS[layer.kind](self, layer, weights, inputs)

    def product(self, values: Tensor, kernel: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> Tensor:
        """Vector [in] times matrix [in, out] plus bias [out], by distributed arithmetic without multipliers."""
        constant = np.array([value.low if value.low == value.high else 0.0 for value in values])
        used = np.array([value.low != value.high for value in values]) & kernel.any(axis=1)
        total = bias + constant @ kernel
        if not used.any():
            return self.constants(total)
        values, kernel = values[used], kernel[used]
        intervals = tuple(QInterval(float(x.low), float(x.high), float(x.step)) for x in values)
        delays = tuple(float(x.latency) for x in values)
        key = (kernel.tobytes(), kernel.shape, intervals, delays)
        if key not in self._solved:
            matrix = np.ascontiguousarray(kernel, dtype=np.float32)
            self._solved[key] = cmvm_solve(matrix, qintervals=list(intervals), latencies=list(delays))
        first, second = self._solved[key]
        sums = second(first(values, quantize=False), quantize=False)
        return objects([variable(x) + float(b) if b else variable(x) for x, b in zip(sums, total, strict=True)])

    def constants(self, values: npt.NDArray[np.float64]) -> Tensor:
        """Constants as traced values."""
        flat = objects([variable(float(value)) for value in values.ravel()])
        return flat.reshape(values.shape)


def inputs(network: Network) -> list[Tensor]:
    """The inputs of a network as fresh values, each of its port's type."""
    tensors = []
    for port in network.types.inputs:
        kind = port.type
        count = int(np.prod(port.shape))
        values = [fresh(kind.minimum, kind.maximum, kind.step) for _ in range(count)]
        tensors.append(objects(values).reshape(port.shape))
    return tensors


def windows(x: Tensor, layer: LayerTypes, tracer: Tracer) -> Tensor:
    """[rows out, columns out, channels, window rows, window columns], zeros around the image."""
    rows, columns, channels = x.shape
    (top, bottom), (left, right) = layer.padding
    wide = tracer.constants(np.zeros((rows + top + bottom, columns + left + right, channels)))
    wide[top : top + rows, left : left + columns] = x
    view: Tensor = np.lib.stride_tricks.sliding_window_view(wide, layer.window, axis=(0, 1))  # type: ignore[call-overload]
    return view[:: layer.strides[0], :: layer.strides[1]]


def _constants(layer: LayerTypes, weights: Weights | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Kernel and bias as real numbers."""
    if weights is None or layer.weight is None:
        raise ValueError(f"layer '{layer.name}' has no weights")
    kernel = layer.weight.to_float(weights.kernel)
    outputs = kernel.shape[-1] if layer.kind != "QDepthwiseConv2D" else kernel.shape[2]
    bias = np.zeros(outputs) if weights.bias is None or layer.bias is None else layer.bias.to_float(weights.bias)
    return kernel, bias


def _conv2d(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    kernel, bias = _constants(layer, weights)
    seen = np.moveaxis(windows(inputs[0], layer, tracer), 2, -1)
    matrix = kernel.reshape(-1, kernel.shape[-1])
    pixels = seen.reshape(-1, matrix.shape[0])
    return np.stack([tracer.product(pixel, matrix, bias) for pixel in pixels]).reshape(layer.shape)


def _depthwise(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    kernel, bias = _constants(layer, weights)
    seen = windows(inputs[0], layer, tracer)
    result = np.empty(layer.shape, dtype=object)
    for channel in range(layer.shape[2]):
        matrix = kernel[:, :, channel, 0].reshape(-1, 1)
        pixels = seen[:, :, channel].reshape(-1, matrix.shape[0])
        made = [tracer.product(pixel, matrix, bias[channel : channel + 1])[0] for pixel in pixels]
        result[:, :, channel] = objects(made).reshape(layer.shape[:2])
    return result


def _dense(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    kernel, bias = _constants(layer, weights)
    return tracer.product(inputs[0], kernel, bias)


def _each(function: Callable[[Any], Any], x: Tensor) -> Tensor:
    return objects([function(value) for value in x.ravel()]).reshape(x.shape)


def _quantizer(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    return _each(lambda value: variable(quantize(value, layer.result, tracer.form)), inputs[0])


def _relu(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    return _each(lambda value: value.relu(), inputs[0])


def _pool(combine: Callable[[Any, Any], Any]) -> Callable[[Tracer, LayerTypes, Tensor], Tensor]:
    def pooled(tracer: Tracer, layer: LayerTypes, x: Tensor) -> Tensor:
        seen = windows(x, layer, tracer)
        flat = seen.reshape(-1, layer.window[0] * layer.window[1])
        return objects([tree(list(values), combine) for values in flat]).reshape(layer.shape)

    return pooled


_largest = _pool(larger)
_sum = _pool(lambda a, b: a + b)


def _max_pool(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    return _largest(tracer, layer, inputs[0])


def _average_pool(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    share = 1.0 / (layer.window[0] * layer.window[1])
    return _each(lambda value: value * share, _sum(tracer, layer, inputs[0]))


def _upsample(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    return inputs[0].repeat(layer.window[0], axis=0).repeat(layer.window[1], axis=1)


def _spread(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    made = tracer.constants(np.zeros(layer.shape))
    made[:: layer.window[0], :: layer.window[1]] = inputs[0]
    return made


def _reshape(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    return inputs[0].reshape(layer.shape)


def _pad(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    return windows(inputs[0], layer, tracer)[..., 0, 0]


def _concatenate(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    return np.concatenate(list(inputs), axis=-1)


def _add(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    pairs = zip(*(x.ravel() for x in inputs), strict=True)
    return objects([tree(list(values), lambda a, b: a + b) for values in pairs]).reshape(layer.shape)


def _image(tracer: Tracer, layer: LayerTypes, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
    if layer.builder is None:
        raise ValueError(f"layer '{layer.name}' has no image builder")
    return image(layer.builder, layer.result, tracer.form, inputs)


Handler = Callable[[Tracer, LayerTypes, Weights | None, Sequence[Tensor]], Tensor]

HANDLERS: dict[str, Handler] = {
    "QConv2D": _conv2d,
    "QDepthwiseConv2D": _depthwise,
    "QDense": _dense,
    "QActivation": _quantizer,
    "ReLU": _relu,
    "MaxPooling2D": _max_pool,
    "AveragePooling2D": _average_pool,
    "UpSampling2D": _upsample,
    "Spread": _spread,
    "Flatten": _reshape,
    "Reshape": _reshape,
    "ZeroPadding2D": _pad,
    "Concatenate": _concatenate,
    "Add": _add,
    "ImageBuilder": _image,
}
"""One handler a plain layer, by the name of its Keras class, and `Spread` of `rewrite.py`."""
