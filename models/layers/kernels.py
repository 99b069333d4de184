"""The kernels of layers of Keras, QKeras and this project, with their quantizers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.layers.filter_layer import FilterLayer


@dataclass(frozen=True)
class Kernel:
    """One kernel of a layer.

    Attributes:
        name: of the layer's attribute.
        variable: its weights, as they are trained.
        quantizer: that of its weights; None where they are not quantized.
    """

    name: str
    variable: Any
    quantizer: Any


def kernels(layer: Any) -> list[Kernel]:
    """The kernels of a built layer of Keras, QKeras or this project in the order of its steps; empty if it has none."""
    names = ("kernel", "depthwise_kernel", "pointwise_kernel")
    variables = {name: value for name in names if (value := getattr(layer, name, None)) is not None}
    if isinstance(layer, FilterLayer):
        pairs = zip(variables.items(), layer.weight_quantizers, strict=True)
        return [Kernel(name, value, quantizer) for (name, value), quantizer in pairs]
    return [
        Kernel(name, value, getattr(layer, f"{name.removesuffix('_kernel')}_quantizer_internal", None))
        for name, value in variables.items()
    ]
