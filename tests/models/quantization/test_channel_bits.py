"""Bits by channel: each channel is quantized as QKeras would alone, and the rule gives bits to those that need them."""

from __future__ import annotations

import doctest
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qkeras
from pydantic import ValidationError
from tensorflow import keras

from data_prep.errors import ConfigurationError, TrainingSettingsError, UnsupportedModelError
from data_prep.store.jet_images import ImageDataset
from hls_projects.lowering.lower import lower
from models.architectures import quantized_network, separable_network
from models.events.settings import UNetSettings
from models.files.load import load_model, save_model
from models.layers.kernels import kernels
from models.layers.transposed import QuantizedConv2DTranspose
from models.quantization import channel_bits, channel_quantizer
from models.quantization.channel_quantizer import quantized_bits_by_channel
from models.quantization.exact import exact_inference
from models.settings import ModelSettings, TrainSettings
from models.training import network as training
from models.training import tagging
from tests.models.symmetric_settings import built, random_images, settings_of

SHAPE = (8, 8, 1)


@pytest.mark.parametrize("module", [channel_bits, channel_quantizer])
def test_doctests(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("axis", [-1, -2])
@pytest.mark.parametrize("integer", [0, 2])
def test_every_channel_is_quantized_as_alone(rng: np.random.Generator, axis: int, integer: int) -> None:
    """As `quantized_bits` of its width; on ties, beyond the range, and always on the grid of the widest channel."""
    widths = [6, 2, 4, 3]
    ties = rng.integers(-(2 ** (integer + 5)), 2 ** (integer + 5), (3, 2, 4, 4)) / 32
    values = np.concatenate([ties, rng.normal(0, 2**integer, (3, 2, 4, 4))]).astype(np.float32)
    quantizer = quantized_bits_by_channel(6, integer, widths, axis=axis)
    quantizer.use_ste = False
    found = np.moveaxis(quantizer(values).numpy(), axis, -1)
    for channel, bits in enumerate(widths):
        alone = qkeras.quantized_bits(bits, integer, alpha=1)
        alone.use_ste = False
        np.testing.assert_array_equal(found[..., channel], alone(np.moveaxis(values, axis, -1)[..., channel]))
    widest = found * 2 ** (5 - integer)
    np.testing.assert_array_equal(widest, np.rint(widest))
    assert widest.min() == -32
    assert widest.max() == 31


def test_greedy_choice_is_the_best_one(rng: np.random.Generator) -> None:
    """Of all 4^5 ways to give five channels 2 to 5 bits within the mean: none has a smaller Σ Ω."""
    weights, curvature = rng.normal(0, 0.4, (9, 5)), rng.uniform(0.01, 3, 5)
    chosen = channel_bits.allocate(weights, curvature, 5, 0, 3.4)

    def cost(bits: tuple[int, ...]) -> float:
        each = [channel_bits._error(weights[:, [i]], width, 0)[0] for i, width in enumerate(bits)]
        return float(np.sum(curvature * each))

    ways = [bits for bits in product(range(2, 6), repeat=5) if sum(bits) <= 17]
    assert sum(chosen) == 17
    assert cost(chosen) == min(map(cost, ways))


def test_hessian_of_a_known_loss(dataset: ImageDataset) -> None:
    """Outputs w_k s with the pixels' mean s = 1/64, mean squared error: a diagonal Hessian, E[weight s²] each."""
    model = keras.Sequential(
        [
            keras.layers.AveragePooling2D(8, input_shape=SHAPE),
            keras.layers.Conv2D(2, 1, use_bias=False),
            keras.layers.Flatten(),
        ]
    )
    model.compile("sgd", "mse")
    batch = next(dataset.split("train").batches(600))
    found = channel_bits.hessian_diagonals(
        model, model.trainable_weights, [(batch.dense(), batch.label, batch.weight)], seed=3
    )
    weight = batch.weight
    np.testing.assert_allclose(found[0].reshape(-1), weight.mean() / 64**2, rtol=1e-5)  # float32


def _content(model_content: dict[str, Any], **width: Any) -> dict[str, Any]:
    """With this width for the pointwise kernel of the first block, of three filters."""
    first, second = model_content["blocks"]
    return model_content | {"blocks": [first | {"pointwise": first["pointwise"] | width}, second]}


def test_mean_bits_are_chosen_by_the_float_network(
    dataset: ImageDataset, model_content: dict[str, Any], train_settings: TrainSettings, tmp_path: Path
) -> None:
    """A channel whose output nothing reads is the one that loses its bits; a model file keeps the choice."""
    settings = ModelSettings.model_validate(_content(model_content, bits=6, mean_bits=5))
    keras.utils.set_random_seed(1)
    source = separable_network.build(settings, SHAPE, 2)
    for kernel in kernels(source.get_layer("block1")):
        kernel.variable.assign(np.abs(kernel.variable))  # no filter of the block is silent for good
    behind = source.get_layer("block2").depthwise_kernel
    behind.assign(behind.numpy() * np.array([1, 0, 1])[:, None])
    tagging.OBJECTIVE.compile(source, keras.optimizers.SGD())
    model = quantized_network.build(settings, SHAPE, 2)
    training.warm_start(model, source)
    with pytest.raises(UnsupportedModelError, match="layer 'block1': its bits per channel are not chosen yet"):
        lower(model)
    training.choose_bits(model, source, dataset, train_settings, tagging.OBJECTIVE)
    quantizer = model.get_layer("block1").pointwise_quantizer_internal
    assert sum(quantizer.by_channel) == 15
    assert quantizer.by_channel[1] == min(quantizer.by_channel) < 5
    assert not channel_bits.undecided(model)
    _assert_same_from_file(model, tmp_path, random_images("p4", 50))


def _assert_same_from_file(model: keras.Model, folder: Path, images: Any) -> None:
    save_model(model, folder / "model.h5")
    back = load_model(folder / "model.h5")
    for layer in model.layers:
        found = [kernel.quantizer for kernel in kernels(back.get_layer(layer.name))]
        assert [str(each) for each in found] == [str(kernel.quantizer) for kernel in kernels(layer)]
    left, right = (np.asarray(exact_inference(each)(images)) for each in (model, back))
    np.testing.assert_array_equal(left, right)


def test_symmetric_and_transposed_layers_keep_their_bits_in_a_file(tmp_path: Path) -> None:
    width = {"bits": 6, "integer": 0, "mean_bits": 4}
    content = settings_of("p4").model_dump()
    for block in content["blocks"]:
        block["pointwise"] = width
    model = built(ModelSettings.model_validate(content))
    for _, kernel in channel_bits.undecided(model):
        kernel.quantizer.decide([2, *[5] * (kernel.variable.shape[-1] - 1)])
    _assert_same_from_file(model, tmp_path, random_images("p4", 20))
    image = keras.Input((4, 4, 1))
    quantizer = quantized_bits_by_channel(5, 0, [5, 3], axis=-2)
    doubled = QuantizedConv2DTranspose(2, 2, strides=2, kernel_quantizer=quantizer, name="doubled")(image)
    _assert_same_from_file(keras.Model(image, doubled), tmp_path, np.ones((1, 4, 4, 1), np.float32))


@pytest.mark.parametrize(
    ("width", "reason"),
    [
        ({"bits": [4, 4]}, "'blocks.0.pointwise.bits' holds 2 widths for 3 output channels"),
        ({"bits": [6, 4, 3, 3]}, "'blocks.0.pointwise.bits' holds 4 widths for 3"),
    ],
)
def test_lists_of_another_length_are_refused(model_content: dict[str, Any], width: Any, reason: str) -> None:
    settings = ModelSettings.model_validate(_content(model_content, **width))
    with pytest.raises(ConfigurationError, match=reason):
        quantized_network.build(settings, SHAPE, 2)


@pytest.mark.parametrize(
    ("width", "change", "reason"),
    [
        ({"bits": []}, {}, "at least 1"),
        ({"bits": [6, 1, 6]}, {}, "greater than or equal to 2"),
        ({"bits": [6, 4, 3], "mean_bits": 4}, {}, "goes with one number"),
        ({"bits": 6, "mean_bits": 7}, {}, "'mean_bits' is at most 'bits'"),
        ({"bits": [6, 4, 3]}, {"symmetry": "p4"}, "lists of 'bits' are for 'symmetry: plain'"),
    ],
)
def test_bad_widths_are_refused(model_content: dict[str, Any], width: Any, change: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ModelSettings.model_validate(_content(model_content, **width) | change)


def test_a_list_for_all_layers_of_a_unet_is_refused() -> None:
    width = {"bits": 6, "integer": 0}
    content = {"widths": [4, 8], "bias": width, "activation": width, "output": width}
    with pytest.raises(ValidationError, match="give one number of 'bits'"):
        UNetSettings.model_validate(content | {"weights": {"bits": [6, 4]}})


def test_mean_bits_need_a_float_network(model_content: dict[str, Any], train_settings: TrainSettings) -> None:
    model = quantized_network.build(ModelSettings.model_validate(_content(model_content, mean_bits=4)), SHAPE, 2)
    training.require_trainable(model, train_settings)
    with pytest.raises(TrainingSettingsError, match="train.yaml: 'warm_start' is false, but 'mean_bits'"):
        training.require_trainable(model, train_settings.model_copy(update={"warm_start": False}))
