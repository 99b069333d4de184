"""Other quantizers in the place of those that a layer was built with, and the plain ones with which it is stored."""

from __future__ import annotations

from typing import Any

from tensorflow import keras

from models.layers.filter_layer import FilterLayer
from models.layers.group_layers import GroupLayer
from models.layers.kernels import Kernel, kernels
from models.quantization import exact
from models.quantization.digit_quantizer import quantized_digits


def set_quantizer(layer: Any, kernel: Kernel, quantizer: Any) -> None:
    """Give a kernel of a layer another quantizer.

    Args:
        layer: of QKeras or this project.
        kernel: one of its kernels, as `models.layers.kernels` gives it.
        quantizer: the new one.
    """
    if isinstance(layer, FilterLayer):
        place = [each.name for each in kernels(layer)].index(kernel.name)
        layer.weight_quantizers[place] = quantizer
        layer.quantizer_texts[list(layer.quantizer_texts)[place]] = str(quantizer)
        return
    part = kernel.name.removesuffix("_kernel")
    setattr(layer, f"{part}_quantizer_internal", quantizer)
    if hasattr(layer, f"{part}_quantizer"):
        setattr(layer, f"{part}_quantizer", quantizer)
    held = getattr(layer, "quantizers", [])
    for place, each in enumerate(held):
        if each is kernel.quantizer:
            held[place] = quantizer
    initializer: Any = getattr(layer, f"{part}_initializer", None)
    if hasattr(initializer, "quantizer"):
        initializer.quantizer = quantizer


def store_plainly(model: keras.Model) -> None:
    """Replace quantizers to few signed digits by plain ones, and weights by what they were rounded to.

    The network computes the same numbers, and every reader of QKeras models knows its quantizers. Where such a layer
    has batch normalisation, that is folded into its weights first, so the network is not to be trained any further.
    """
    for layer in exact.layers(model):
        found = [kernel for kernel in kernels(layer) if isinstance(kernel.quantizer, quantized_digits)]
        if found and isinstance(layer, GroupLayer):
            layer.absorb()
        for kernel in found:
            plain = kernel.quantizer.plain
            plain.use_ste = kernel.quantizer.use_ste
            kernel.variable.assign(kernel.quantizer.rounded(kernel.variable))
            set_quantizer(layer, kernel, plain)
    exact.forget_graphs(model)
