"""Digits go where they are cheapest and never come back; a stopped training ends as one that ran through."""

from __future__ import annotations

import doctest
import shutil
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError
from tensorflow import keras

from data_prep.store.jet_images import ImageDataset
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from models.architectures import quantized_network
from models.architectures.registry import HARDWARE
from models.cost.model_arithmetic import count
from models.layers.kernels import kernels
from models.quantization import exact
from models.quantization.signed_digits import signed_digits
from models.settings import ModelSettings, TrainSettings
from models.training import digit_settings, digit_steps, digits, taggers
from models.training import network as training
from models.training.digit_settings import DigitSettings
from tests.models.symmetric_settings import built, settings_of

SHAPE = (8, 8, 1)


@pytest.fixture(autouse=True)
def deterministic(train_settings: TrainSettings) -> None:
    training.prepare(train_settings)


@pytest.fixture
def model_settings(model_content: dict[str, Any]) -> ModelSettings:
    """A full and a separable convolution of two digits a weight, dense layers of all digits."""
    first, second = model_content["blocks"]
    few = {"bits": 6, "integer": 0, "digits": 2}
    first = {name: value for name, value in first.items() if name != "depthwise"} | {"convolution": "full"}
    blocks = [first | {"pointwise": few}, second | {"depthwise": few, "pointwise": few}]
    return ModelSettings.model_validate(model_content | {"blocks": blocks})


def _silent(title: str, jets: int) -> Any:
    return nullcontext(lambda done: None)


def _network(settings: ModelSettings) -> keras.Model:
    keras.utils.set_random_seed(1)
    return quantized_network.build(settings, SHAPE, 2)


def test_doctests() -> None:
    assert doctest.testmod(digit_settings).failed == 0


def test_places_are_those_of_the_unrolled_network(model_settings: ModelSettings) -> None:
    """3 × 3 at 64 pixels with zeros around: the middle tap stands at all, others at 56, corners at 49 of them."""
    found = digits.parts(_network(model_settings))
    inside = (64 + 4 * 56 + 4 * 49) / 9
    assert found[0].places == pytest.approx(inside)
    assert [part.places for part in found[-2:]] == [1, 1]
    assert [part.kernel.name for part in found] == [
        "kernel",
        "depthwise_kernel",
        "pointwise_kernel",
        "kernel",
        "kernel",
    ]


def test_cheapest_of_all_ways() -> None:
    """Of all ways to leave few digits to five weights none loses less; one that stands in more places goes first."""
    pixels = keras.Input((5,))
    from qkeras import QDense, quantized_bits

    kernel = np.array([[7], [3], [-11], [1], [21]], np.float32) / 32
    model = keras.Model(pixels, QDense(1, kernel_quantizer=quantized_bits(6, 0, alpha=1), use_bias=False)(pixels))
    model.layers[1].kernel.assign(kernel)
    (part,) = digits.parts(model)
    square = np.array([[1.0], [40.0], [2.0], [0.5], [3.0]])
    assert part.digits.ravel().tolist() == [2, 2, 3, 1, 3]

    def lost(limits: np.ndarray[Any, Any]) -> float:
        then = part.kernel.quantizer.rounded(kernel, limits).numpy()
        return float((square * (then - kernel) ** 2).sum())

    ways = [np.array(way).reshape(5, 1) for way in np.ndindex(3, 3, 4, 2, 4)]
    for target in range(3, 11):
        (limits,) = digits.cheapest([part], [square], target)
        assert limits.sum() == target
        assert lost(limits) == min(lost(way) for way in ways if way.sum() <= target)


def test_squared_gradient_of_a_known_loss() -> None:
    """Mean squared error of w x with target 0: the gradient is 2 w x², its mean square over batches of one by hand."""
    pixels = keras.Input((1,))
    model = keras.Model(pixels, keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(pixels))
    model.compile("sgd", "mse")
    batches = [(tf.constant([[x]]), tf.constant([[0.0]]), tf.constant([1.0])) for x in (1.0, 2.0, 3.0)]
    found = digits.squared_gradients(model, model.trainable_variables, batches)
    np.testing.assert_allclose(found[0], [[(2**2 + 8**2 + 18**2) / 3]])


def test_share_is_reached_and_nothing_comes_back(
    dataset: ImageDataset,
    model_settings: ModelSettings,
    train_settings: TrainSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By steps; stopped in the last one and started again it ends the same; integers of the network have no more."""
    wanted = DigitSettings(share=0.4, step=0.3, epochs=1)
    how = train_settings.model_copy(update={"digits": wanted})
    seen: list[list[np.ndarray[Any, Any]]] = []
    whole: list[float] = []
    plain = digit_steps.steps

    def watched(found: Any, *rest: Any) -> Any:
        whole.append(digits.total(found))
        for share in plain(found, *rest):
            seen.append([part.kernel.quantizer.limits for part in found])
            yield share
            assert all((part.digits <= limit).all() for part, limit in zip(found, seen[-1], strict=True))

    monkeypatch.setattr(digit_steps, "steps", watched)
    work = tmp_path / "through"
    work.mkdir()
    trained = taggers.train_networks(dataset, model_settings, how, work, _silent, only={HARDWARE})[-1]
    assert len(seen) == len(wanted.shares) == 2
    for before, after in pairwise(seen):
        assert all((now <= then).all() for then, now in zip(before, after, strict=True))
    left = trained.arithmetic.unrolled_digits
    assert left is not None
    assert left <= 0.4 * whole[0]
    assert trained.history.digits == sorted(trained.history.digits, reverse=True)
    assert trained.history.digits[0] == 1
    assert 0.3 < trained.history.digits[-1] <= 0.4
    assert trained.history.epochs == len(trained.history.val_loss) == 2 + 2
    assert trained.history.best_epoch == 3
    network = prove_network(lower(trained.model))
    stored = sum(int(signed_digits(each.kernel).sum()) for each in network.weights.values())
    assert stored == trained.arithmetic.weights.digits
    assert trained.arithmetic.as_json()["total"]["signed_digits"] == stored
    texts = {type(kernel.quantizer).__name__ for layer in exact.layers(trained.model) for kernel in kernels(layer)}
    assert texts == {"quantized_bits"}

    again = tmp_path / "again"
    shutil.copytree(work, again)
    (again / "model_digits_1.npz").unlink()  # as if it was stopped in the first epoch of the last step
    found = taggers.train_networks(dataset, model_settings, how, again, _silent, only={HARDWARE})[-1]
    assert found.history == trained.history
    for one, other in zip(found.model.get_weights(), trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_digits_behind_batch_normalisation(rng: np.random.Generator) -> None:
    """What is rounded is the folded filter: limits hold there, and in the lowered network."""
    model = built(settings_of("p4", normalisation=True))
    found = digits.parts(model)
    squares = [rng.random(part.kernel.variable.shape) for part in found]
    target = 0.5 * digits.total(found)
    for part, limit in zip(found, digits.cheapest(found, squares, target), strict=True):
        part.kernel.quantizer.limits = limit
    arithmetic = count(model)
    assert digits.total(found) <= target
    assert arithmetic.weights.digits == sum(int(part.digits.sum()) for part in found)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"share": 0}, "greater than 0"),
        ({"share": 1}, "less than 1"),
        ({"share": 0.5, "step": 0}, "greater than 0"),
        ({"share": 0.5, "epochs": 0}, "greater than or equal to 1"),
    ],
)
def test_bad_settings_are_refused(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        DigitSettings.model_validate(content)


def test_patches(model_content: dict[str, Any]) -> None:
    """Eight filters of 4 × 4 at stride 4 and two dense layers: every weight of the convolution stands once a patch."""
    few, wide = {"bits": 6, "integer": 0, "digits": 2}, {"bits": 6, "integer": 2}
    block = {"filters": 8, "kernel": 4, "stride": 4, "pooling": 1, "convolution": "full", "pointwise": few}
    dense = {"units": 16, "weights": few, "bias": wide, "activation": wide}
    content = model_content | {
        "blocks": [block | {"bias": wide, "activation": wide}],
        "dense": [dense, dense],
        "output": {"weights": few, "bias": wide},
    }
    model = _network(ModelSettings.model_validate(content))
    assert [part.places for part in digits.parts(model)] == [4, 1, 1, 1]
    network = prove_network(lower(model))
    assert [layer.shape for layer in network.graph.layers if layer.name in network.weights] == [
        (2, 2, 8),
        (16,),
        (16,),
        (2,),
    ]
