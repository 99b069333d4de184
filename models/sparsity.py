"""How many weights of a layer are not 0, as it uses them: quantized, batch normalisation folded in where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.filter_layer import FilterLayer


@dataclass(frozen=True)
class Weights:
    """The weights that the inputs of a layer are multiplied with: how many there are, and how many are not 0.

    Attributes:
        all: their number; biases do not count.
        nonzero: those that multiply by something.
    """

    all: int = 0
    nonzero: int = 0

    def __add__(self, other: Weights) -> Weights:
        return Weights(self.all + other.all, self.nonzero + other.nonzero)

    def share(self, multiplications: int) -> int:
        """Of a layer's multiplications those that are not by 0: each of its weights is used in equally many places."""
        return multiplications * self.nonzero // self.all if self.all else multiplications


def weights_of(layer: Any) -> Weights:
    """The weights of a layer of Keras, QKeras or this project; none of one that has none."""
    kernels = [np.asarray(kernel) for kernel in _used(layer)]
    return Weights(sum(kernel.size for kernel in kernels), sum(int(np.count_nonzero(kernel)) for kernel in kernels))


def _used(layer: Any) -> list[Any]:
    if isinstance(layer, FilterLayer):
        return list(layer.used()[0])
    if hasattr(layer, "get_folded_weights"):
        name = "depthwise" if hasattr(layer, "depthwise_kernel") else "kernel"
        return [_quantized(layer, name, layer.get_folded_weights()[0])]
    names = {"kernel": "kernel", "depthwise": "depthwise_kernel", "pointwise": "pointwise_kernel"}
    kernels = {name: getattr(layer, attribute, None) for name, attribute in names.items()}
    return [_quantized(layer, name, kernel) for name, kernel in kernels.items() if kernel is not None]


def _quantized(layer: Any, name: str, kernel: Any) -> Any:
    quantizer = getattr(layer, f"{name}_quantizer_internal", None)
    return kernel if quantizer is None else quantizer(kernel)
