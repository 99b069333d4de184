"""Quantizers to few digits: in every layer, and stored as plain ones with the same integers."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError
from tensorflow import keras

from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from models.architectures import quantized_network, unet_network
from models.events.maps import heads
from models.events.settings import EventModelSettings
from models.files.load import load_model, save_model
from models.layers.kernels import kernels
from models.quantization import digit_quantizer, exact, quantizer_texts
from models.quantization.digit_quantizer import quantized_digits
from models.quantization.exact import exact_inference
from models.quantization.plain_quantizers import store_plainly
from models.quantization.signed_digits import signed_digits
from models.settings import ModelSettings
from tests.models.events.conftest import event_content
from tests.models.symmetric_settings import WORDS, built, content, random_images

SHAPE = (8, 8, 1)
FEW = {"bits": 6, "integer": 0, "digits": 2}


@pytest.mark.parametrize("module", [digit_quantizer, quantizer_texts])
def test_doctests(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def limited(of: Any, width: dict[str, Any]) -> Any:
    """The content of a `model.yaml` with these widths of all kernels."""
    if isinstance(of, dict):
        names = ("depthwise", "pointwise", "weights")
        return {name: width if name in names and each else limited(each, width) for name, each in of.items()}
    return [limited(each, width) for each in of] if isinstance(of, list) else of


def test_each_weight_has_its_own_limit_and_each_channel_its_width(rng: np.random.Generator) -> None:
    """Weight for weight as a quantizer with that width and these digits alone; the gradient passes unchanged."""
    values = rng.normal(0, 0.7, (3, 4, 2)).astype(np.float32)
    quantizer = quantized_digits(6, 0, 3, by_channel=[6, 3])
    quantizer.limits = rng.integers(0, 4, values.shape)
    for at in np.ndindex(values.shape):
        bits, limit = quantizer.by_channel[at[-1]], int(quantizer.limits[at])
        alone = quantized_digits(bits, 0, limit).rounded(values[at]) if limit else 0
        assert float(quantizer.rounded(values)[at]) == float(alone)
    with tf.GradientTape() as tape:
        x = tf.Variable(values)
        total = tf.reduce_sum(quantizer(x) * values)
    np.testing.assert_array_equal(tape.gradient(total, x), values)
    with pytest.raises(ValueError, match="limits of weights"):
        quantizer.rounded(values[:2])


def _same_when_stored(model: keras.Model, folder: Path, images: Any) -> keras.Model:
    """The model file has plain quantizers and gives the same numbers; so does the lowered network."""
    expected = exact_inference(model)(images)
    store_plainly(model)
    save_model(model, folder / "model.h5")
    assert b"quantized_digits" not in (folder / "model.h5").read_bytes()
    back = exact_inference(load_model(folder / "model.h5"))
    tf.nest.map_structure(np.testing.assert_array_equal, back(images), expected)
    return back


def _most_digits(model: keras.Model) -> int:
    weights = prove_network(lower(model)).weights
    return max(int(signed_digits(each.kernel).max()) for each in weights.values())


@pytest.mark.parametrize("convolution", ["full", "separable"])
@pytest.mark.parametrize("digits", [1, 2])
def test_plain_networks(
    model_content: dict[str, Any], rng: np.random.Generator, convolution: str, digits: int, tmp_path: Path
) -> None:
    changed = limited(model_content, {"bits": 6, "integer": 0, "digits": digits})
    for block in changed["blocks"]:
        block["convolution"] = convolution
        if convolution == "full":
            del block["depthwise"]
    keras.utils.set_random_seed(3)
    model = quantized_network.build(ModelSettings.model_validate(changed), SHAPE, 3)
    images = rng.normal(0, 1, (50, *SHAPE)).astype(np.float32)
    assert _most_digits(_same_when_stored(model, tmp_path, images)) == digits


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("convolution", ["full", "separable"])
def test_networks_with_a_symmetry(word: str, convolution: str, tmp_path: Path) -> None:
    changes = {"normalisation": True} if word != "views" else {}
    model = built(ModelSettings.model_validate(limited(content(word, convolution=convolution, **changes), FEW)))
    assert _most_digits(_same_when_stored(model, tmp_path, random_images(word, 30))) == 2


def test_transposed_convolutions(rng: np.random.Generator, tmp_path: Path) -> None:
    settings = EventModelSettings.model_validate(limited(event_content("panoptic", up="transposed"), FEW))
    model = unet_network.build(settings, (8, 12, 3), heads("panoptic"), quantized=True)
    images = rng.uniform(0, 50, (5, 8, 12, 3)).astype(np.float32)
    assert _most_digits(_same_when_stored(model, tmp_path, images)) == 2


def test_widths_by_channel_stay(model_content: dict[str, Any], rng: np.random.Generator, tmp_path: Path) -> None:
    changed = limited(model_content, FEW)
    changed["blocks"][0]["pointwise"] = {"bits": [6, 4, 3], "integer": 0, "digits": 2}
    model = quantized_network.build(ModelSettings.model_validate(changed), SHAPE, 3)
    back = _same_when_stored(model, tmp_path, rng.normal(0, 1, (50, *SHAPE)).astype(np.float32))
    found = {str(kernel.quantizer) for layer in exact.layers(back) for kernel in kernels(layer)}
    assert found == {"quantized_bits(6,0,0,alpha=1)", "quantized_bits_by_channel(6,0,axis=-1,by_channel='6_4_3')"}


@pytest.mark.parametrize(("digits", "reason"), [(0, "greater than or equal to 1"), (9, "less than or equal to 8")])
def test_bad_numbers_of_digits_are_refused(model_content: dict[str, Any], digits: int, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ModelSettings.model_validate(limited(model_content, FEW | {"digits": digits}))
