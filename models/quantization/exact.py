"""Inference without the float noise of straight-through estimators.

QKeras writes a quantizer as ``x + stop_gradient(q(x) - x)``. In float32 that sum is not always q(x): a saturated
x = 5.3 with q(x) = 0.96875 comes out one unit in the last place beside the grid. For training this is harmless; a
model that is compared with hardware bit for bit must give q(x) itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from qkeras.quantizers import BaseQuantizer
from tensorflow import keras


def exact_inference(model: keras.Model) -> keras.Model:
    """Make every quantizer of a model return its quantized value itself; changes the model and returns it.

    The model can no longer be trained afterwards (no gradient passes the quantizers).

    Args:
        model: a Keras model with QKeras layers, nested models included.
    """
    for layer in layers(model):
        for quantizer in quantizers(layer):
            quantizer.use_ste = False
    forget_graphs(model)
    return model


@contextmanager
def exactly(layer: keras.layers.Layer) -> Iterator[None]:
    """Let the quantizers of a layer return their quantized values themselves for a while."""
    before = [(quantizer, getattr(quantizer, "use_ste", True)) for quantizer in quantizers(layer)]
    for quantizer, _ in before:
        quantizer.use_ste = False
    try:
        yield
    finally:
        for quantizer, was in before:
            quantizer.use_ste = was


def forget_graphs(model: keras.Model) -> None:
    """Drop what Keras has compiled of a model whose quantizers were changed."""
    for function in ("predict_function", "test_function", "train_function"):
        setattr(model, function, None)


def layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Every layer of a model, those of nested models included."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers(layer)
        else:
            yield layer


def quantizers(layer: keras.layers.Layer) -> Iterator[BaseQuantizer]:
    """Every quantizer object that a layer holds."""
    for value in vars(layer).values():
        candidates = value if isinstance(value, list | tuple) else [value]
        for candidate in candidates:
            if isinstance(candidate, BaseQuantizer):
                yield candidate
