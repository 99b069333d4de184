"""How many weights of a layer are not 0, and their signed digits.

Counted are weights as the layer uses them: quantized, batch normalisation folded in where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.layers.filter_layer import FilterLayer
from models.layers.kernels import kernels
from models.quantization.exact import exactly
from models.quantization.signed_digits import signed_digits


@dataclass(frozen=True)
class Weights:
    """The weights that the inputs of a layer are multiplied with: how many there are, and how many are not 0.

    Attributes:
        all: their number; biases do not count.
        nonzero: those that multiply by something.
        digits: their signed digits; None where some are float.
    """

    all: int = 0
    nonzero: int = 0
    digits: int | None = 0

    def __add__(self, other: Weights) -> Weights:
        return Weights(self.all + other.all, self.nonzero + other.nonzero, added(self.digits, other.digits))

    def share(self, multiplications: int) -> int:
        """Of a layer's multiplications those that are not by 0: each of its weights is used in equally many places."""
        return multiplications * self.nonzero // self.all if self.all else multiplications

    def unrolled_digits(self, multiplications: int) -> int | None:
        """The signed digits of all weights, each in all places of a layer with so many multiplications."""
        return None if self.digits is None else multiplications * self.digits // max(self.all, 1)


def added(one: int | None, other: int | None) -> int | None:
    """The sum of two numbers that are both known."""
    return None if one is None or other is None else one + other


def weights_of(layer: Any) -> Weights:
    """The weights of a layer of Keras, QKeras or this project; none of one that has none."""
    with exactly(layer):
        used = [np.asarray(kernel) for kernel in _used(layer)]
    floats = any(kernel.quantizer is None for kernel in kernels(layer))
    return Weights(
        sum(kernel.size for kernel in used),
        sum(int(np.count_nonzero(kernel)) for kernel in used),
        None if floats else sum(int(signed_digits(kernel).sum()) for kernel in used),
    )


def _used(layer: Any) -> list[Any]:
    if isinstance(layer, FilterLayer):
        return list(layer.effective_weights()[0])
    if hasattr(layer, "get_folded_weights"):
        name = "depthwise" if hasattr(layer, "depthwise_kernel") else "kernel"
        quantizer = getattr(layer, f"{name}_quantizer_internal", None)
        folded = layer.get_folded_weights()[0]
        return [folded if quantizer is None else quantizer(folded)]
    return [
        kernel.variable if kernel.quantizer is None else kernel.quantizer(kernel.variable) for kernel in kernels(layer)
    ]
