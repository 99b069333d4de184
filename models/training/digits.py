"""Signed digits are taken away behind the training, where the loss minds least for the logic that is saved.

Unrolled logic adds once for each signed digit of a weight, as often as the weight stands in it. What is lost with a
digit is estimated as in optimal brain damage (Y. LeCun, J. Denker and S. Solla, Advances in Neural Information
Processing Systems 2 (1989) 598), with the diagonal of Fisher's information, the mean squared gradient of the loss, in
the place of the Hessian's:

    price = F (Δw)² / (places of the weight)

What a weight has left is all that it may have from then on; the network is trained further (`digit_steps`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from models.cost.model_arithmetic import count
from models.layers.filter_layer import FilterLayer
from models.layers.kernels import Kernel, kernels
from models.quantization import digit_quantizer, exact
from models.quantization.plain_quantizers import set_quantizer
from models.quantization.signed_digits import signed_digits

Floats = npt.NDArray[np.float64]
Limits = list[npt.NDArray[np.int64]]

_BATCHES = 256
"""Training batches that the squared gradient is the mean over, at most."""


@dataclass(frozen=True)
class Part:
    """A kernel whose digits can be taken away.

    Attributes:
        kernel: its weights and quantizer.
        places: how often each of its weights stands in unrolled logic; the mean over them.
        factor: what the trained weights are multiplied with before they are rounded: a folded batch normalisation.
    """

    kernel: Kernel
    places: float
    factor: Callable[[], Any]

    @property
    def weights(self) -> Any:
        """The weights before they are rounded."""
        return self.kernel.variable * self.factor()

    @property
    def digits(self) -> npt.NDArray[np.int64]:
        """The signed digits of each weight now."""
        return signed_digits(self.kernel.quantizer.rounded(self.weights).numpy())


def parts(model: keras.Model) -> list[Part]:
    """The trained kernels of a quantized network, from now on with quantizers whose digits can be limited."""
    places: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for counted in count(model).layers:
        size = sizes.setdefault(counted.name, counted.weights.all)
        places[counted.name] = places.get(counted.name, 0.0) + counted.cost.multiplications_inside / max(size, 1)
    found = []
    for layer in exact.layers(model):
        trained = {id(variable) for variable in layer.trainable_weights}
        for kernel in kernels(layer):
            if id(kernel.variable) in trained and kernel.quantizer is not None:
                quantizer = digit_quantizer.of(kernel.quantizer)
                set_quantizer(layer, kernel, quantizer)
                made = Kernel(kernel.name, kernel.variable, quantizer)
                found.append(Part(made, places[layer.name], _factor(layer, kernel)))
    exact.forget_graphs(model)
    return found


def _factor(layer: Any, kernel: Kernel) -> Callable[[], Any]:
    if isinstance(layer, FilterLayer) and kernel.variable is layer.base_filters()[-1]:
        return layer.factor
    return lambda: 1.0


def total(found: Sequence[Part], limits: Limits | None = None) -> float:
    """Digits as often as they stand in unrolled logic: those that weights have, or those that limits allow."""
    numbers = [part.digits for part in found] if limits is None else limits
    return float(sum(part.places * each.sum() for part, each in zip(found, numbers, strict=True)))


def squared_gradients(
    model: keras.Model, variables: Sequence[tf.Variable], batches: Iterable[tuple[Any, Any, Any]]
) -> list[Floats]:
    """The mean over batches of the squared gradient of the loss, an array a variable, of its shape.

    Args:
        model: compiled with its loss.
        variables: of the model.
        batches: images, targets and weights; the first 256 are used.
    """

    @tf.function(reduce_retracing=True)
    def gradients(images: Any, targets: Any, weight: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(images, targets, model(images, training=False), weight)
        return [tf.convert_to_tensor(each) for each in tape.gradient(loss, variables)]

    sums = [np.zeros(variable.shape) for variable in variables]
    done = 0
    for images, targets, weight in islice(batches, _BATCHES):
        for added, found in zip(sums, gradients(images, targets, weight), strict=True):
            added += np.square(found.numpy(), dtype=np.float64)
        done += 1
    return [each / max(done, 1) for each in sums]


def cheapest(found: Sequence[Part], squares: Sequence[Floats], target: float) -> Limits:
    """The digits that each weight keeps when the cheapest are taken away until no more than the target are left.

    Each kernel keeps its most valuable digit, so the target is missed where it is below that.

    Args:
        found: the kernels; what a weight has now is the most that it keeps.
        squares: the mean squared gradient of the loss by their trained weights.
        target: digits that are left at most, as `total` counts them.
    """
    limits = [part.digits for part in found]
    surplus = total(found, limits) - target
    moves = [_moves(part, left, square) for part, left, square in zip(found, limits, squares, strict=True)]
    price = np.concatenate([each.price for each in moves])
    saved = np.concatenate([np.full(each.price.size, part.places) for each, part in zip(moves, found, strict=True)])
    order = np.argsort(price, kind="stable")
    order = order[np.isfinite(price[order])]
    before = np.cumsum(saved[order]) - saved[order]
    taken = np.zeros(price.size, bool)
    taken[order[before < surplus]] = True
    first = 0
    for limit, each in zip(limits, moves, strict=True):
        mine = each.weight[taken[first : first + each.price.size]]
        limit -= np.bincount(mine, minlength=limit.size).reshape(limit.shape)
        first += each.price.size
    return limits


@dataclass(frozen=True)
class _Moves:
    """Digits of one kernel that may be taken away: the weight of each, and its price by place; never falls a weight."""

    weight: npt.NDArray[np.int64]
    price: Floats


def _moves(part: Part, left: npt.NDArray[np.int64], square: Floats) -> _Moves:
    weights, factor = part.weights, np.asarray(part.factor(), np.float64)
    now = part.kernel.quantizer.rounded(weights).numpy().astype(np.float64)
    paid, before = np.zeros(left.shape), np.zeros(left.shape)
    index, prices = [], []
    for gone in range(1, int(left.max(initial=0)) + 1):
        then = part.kernel.quantizer.rounded(weights, np.maximum(left - gone, 0)).numpy()
        lost = square * ((then - now) / factor) ** 2 / part.places
        paid = np.maximum(lost - before, paid)
        before = np.maximum(lost, before)
        there = np.flatnonzero(left >= gone)
        index.append(there)
        prices.append(paid.ravel()[there])
    price = np.concatenate([np.zeros(0), *prices])
    if price.size:
        price[price.size - 1 - np.argmax(price[::-1])] = np.inf
    return _Moves(np.concatenate([np.zeros(0, np.int64), *index]), price)
