"""Which output channels need few bits: the rule behind `mean_bits` in `model.yaml`.

As in HAWQ-V2 (Z. Dong et al., arXiv:1911.03852, section 3), there for layers and here for the output channels of one
kernel: what b bits do to the loss is taken as

    Ω(b) = h ‖Q_b(w) - w‖²

with the channel's weights w in the trained float network, and h the mean over them of the diagonal of the loss's
Hessian. The diagonal is found without the Hessian by Hutchinson's estimate, the mean of v ∘ (H v) over vectors v of
random signs. From `bits` everywhere the channel that minds least gives a bit away until the mean is reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from models.layers.kernels import Kernel, kernels
from models.quantization import exact
from models.quantization.channel_quantizer import quantized_bits_by_channel

Array = npt.NDArray[np.float64]
Batch = tuple[Any, Any, Any]
"""Images, targets and weights, as a network is trained with."""

LEAST = 2
"""Bits that a channel has at least: the sign and one."""
_BATCHES = 32
"""Training batches, with one random vector each, that the Hessian is estimated on."""
_RANDOM_SIGNS = 2
"""Tells these random numbers from others of the same seed."""


def undecided(model: keras.Model) -> list[tuple[str, Kernel]]:
    """The kernels whose bits by channel are still to be chosen, with the names of their layers."""
    return [
        (layer.name, kernel)
        for layer in exact.layers(model)
        for kernel in kernels(layer)
        if isinstance(kernel.quantizer, quantized_bits_by_channel) and kernel.quantizer.mean_bits is not None
    ]


def choose(model: keras.Model, source: keras.Model, batches: Iterable[Batch], seed: int) -> None:
    """Give the undecided quantizers of a quantized network their bits by channel.

    Args:
        model: the network; it is changed.
        source: the trained float network with layers of the same names, compiled with its loss.
        batches: what it was trained on; the first 32 are used.
        seed: decides the random signs; with the same batches it gives the same bits.
    """
    open_ones = undecided(model)
    if not open_ones:
        return
    counterparts = [_counterpart(source, name, kernel.name) for name, kernel in open_ones]
    diagonals = hessian_diagonals(source, counterparts, batches, seed)
    for (_, kernel), weights, diagonal in zip(open_ones, counterparts, diagonals, strict=True):
        _decide(kernel.quantizer, weights.numpy(), diagonal)


def guess(model: keras.Model) -> None:
    """Give the undecided quantizers bits that no float network chose, for an estimate of the network's size.

    They have the mean that is asked for, as if the loss minded all weights alike.
    """
    for _, kernel in undecided(model):
        weights = kernel.variable.numpy()
        _decide(kernel.quantizer, weights, np.ones_like(weights))


def _decide(quantizer: Any, weights: Any, diagonal: Any) -> None:
    channels = [np.moveaxis(array, quantizer.axis, -1) for array in (weights, diagonal)]
    flat, found = (array.reshape(-1, array.shape[-1]).astype(np.float64) for array in channels)
    quantizer.decide(allocate(flat, found.mean(axis=0), quantizer.bits, quantizer.integer, quantizer.mean_bits))


def allocate(weights: Array, curvature: Array, widest: int, integer: int, mean_bits: float) -> tuple[int, ...]:
    """Bits of every channel.

    Args:
        weights: float [weights of a channel, channels].
        curvature: h of every channel; a negative one counts as 0.
        widest: bits of a channel at most.
        integer: bits before the point, without the sign.
        mean_bits: the mean over the channels at most.

    >>> same = np.tile([[0.3], [-0.4], [0.1]], 3)
    >>> allocate(same, np.array([1.0, 1e-4, 0.01]), 6, 0, 4)
    (6, 2, 4)
    """
    widths = range(LEAST, widest + 1)
    errors = np.stack([_error(weights, bits, integer) for bits in widths]) * np.maximum(curvature, 0)
    chosen = np.full(weights.shape[1], widest)
    every = np.arange(len(chosen))
    while chosen.sum() > mean_bits * len(chosen):
        place = chosen - LEAST
        rise = np.where(place > 0, errors[place - 1, every] - errors[place, every], np.inf)
        chosen[np.argmin(rise)] -= 1
    return tuple(int(bits) for bits in chosen)


def _error(weights: Array, bits: int, integer: int) -> Array:
    """‖Q_b(w) - w‖² of every channel."""
    step, end = 2.0 ** (integer + 1 - bits), 2.0 ** (bits - 1)
    found: Array = ((np.clip(np.rint(weights / step), -end, end - 1) * step - weights) ** 2).sum(axis=0)
    return found


def hessian_diagonals(
    model: keras.Model, variables: Sequence[tf.Variable], batches: Iterable[Batch], seed: int
) -> list[npt.NDArray[np.float32]]:
    """Hutchinson's estimate of the diagonal of the Hessian of the training loss, an array a variable, of its shape."""

    @tf.function(reduce_retracing=True)
    def times_hessian(images: Any, targets: Any, weight: Any, signs: list[Any]) -> list[Any]:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = model.compute_loss(images, targets, model(images, training=False), weight)
            gradients = inner.gradient(loss, variables)
            along = tf.add_n([tf.reduce_sum(each * sign) for each, sign in zip(gradients, signs, strict=True)])
        return [tf.convert_to_tensor(each) for each in outer.gradient(along, variables)]

    rng = np.random.default_rng([seed, _RANDOM_SIGNS])
    sums = [np.zeros(variable.shape, np.float32) for variable in variables]
    done = 0
    for images, targets, weight in islice(batches, _BATCHES):
        signs = [rng.choice(np.array([-1, 1], np.float32), total.shape) for total in sums]
        for total, sign, product in zip(sums, signs, times_hessian(images, targets, weight, signs), strict=True):
            total += sign * product.numpy()
        done += 1
    return [total / done for total in sums]


def _counterpart(source: keras.Model, layer: str, kernel: str) -> tf.Variable:
    return next(each.variable for each in kernels(source.get_layer(layer)) if each.name == kernel)
