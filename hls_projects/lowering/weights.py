"""The weights of a layer as it uses them: quantized, and folded where the layer folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hls_projects.lowering.plain_model import PlainModel

Array = npt.NDArray[np.float64]


def quantized(quantizer: Any, weight: Any) -> Array:
    """A weight after its quantizer (None: as it is), float64."""
    value = weight if quantizer is None else quantizer(weight)
    return np.asarray(value, dtype=np.float64)


def kernel_and_bias(layer: Any, kernel: str = "kernel") -> tuple[Array, Array | None]:
    """Kernel and bias of a Keras or QKeras layer as its call uses them.

    Args:
        layer: the layer; QKeras' quantizers are applied, a plain Keras layer's weights are taken as they are.
        kernel: `kernel`, `depthwise` or `pointwise`: how QKeras names the quantizer of the weight.
    """
    variable = layer.kernel if kernel == "kernel" else getattr(layer, f"{kernel}_kernel")
    weight = quantized(getattr(layer, f"{kernel}_quantizer_internal", None), variable)
    return weight, quantized(getattr(layer, "bias_quantizer_internal", None), layer.bias) if layer.use_bias else None


def dilated(kernel: Array, dilation: tuple[int, int]) -> Array:
    """A kernel [rows, columns, …] with dilation as the larger kernel with zeros between its taps."""
    rows, columns = ((size - 1) * step + 1 for size, step in zip(kernel.shape[:2], dilation, strict=True))
    wide = np.zeros((rows, columns, *kernel.shape[2:]))
    wide[:: dilation[0], :: dilation[1]] = kernel
    return wide


def block_diagonal(kernel: Array, groups: int) -> Array:
    """A grouped kernel [rows, columns, in / groups, out] as the full one [rows, columns, in, out]."""
    rows, columns, depth, filters = kernel.shape
    full = np.zeros((rows, columns, depth * groups, filters))
    width = filters // groups
    for group in range(groups):
        out = slice(group * width, (group + 1) * width)
        full[:, :, group * depth : (group + 1) * depth, out] = kernel[..., out]
    return full


def geometry(layer: Any, plain: PlainModel) -> dict[str, Any]:
    """Strides and padding of a two-dimensional layer.

    Raises:
        UnsupportedModelError: for channels first, or a padding other than `valid` and `same`.
    """
    if layer.data_format != "channels_last":
        raise plain.refuse("channels first", remedy="use data_format='channels_last'")
    if layer.padding not in ("valid", "same"):
        raise plain.refuse(f"padding '{layer.padding}'", remedy="use 'valid' or 'same'")
    return {"strides": layer.strides, "padding": layer.padding}
