"""The weights that the inputs of a layer are multiplied with, and their quantizers, of every kind of layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.layers.filter_layer import FilterLayer


@dataclass(frozen=True)
class Kernel:
    """One kernel of a layer.

    Attributes:
        name: of the attribute that holds it.
        variable: its weights, as they are trained.
        quantizer: what they pass before they are used; None where they do not.
    """

    name: str
    variable: Any
    quantizer: Any


def kernels(layer: Any) -> list[Kernel]:
    """The kernels of a built layer of Keras, QKeras or this project in the order of its steps; none of one without."""
    names = ("kernel", "depthwise_kernel", "pointwise_kernel")
    found = {name: value for name in names if (value := getattr(layer, name, None)) is not None}
    if isinstance(layer, FilterLayer):
        pairs = zip(found.items(), layer.weight_quantizers, strict=True)
        return [Kernel(name, value, quantizer) for (name, value), quantizer in pairs]
    return [
        Kernel(name, value, getattr(layer, f"{name.removesuffix('_kernel')}_quantizer_internal", None))
        for name, value in found.items()
    ]
