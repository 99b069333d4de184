"""Regression: what it learns, that its loss is Huber's, that lowered and trained network are the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from data_prep.errors import ConfigurationError, InputFileError
from data_prep.images.batch import ImageBatch
from data_prep.store.jet_images import ImageDataset
from data_prep.store.split import SPLITS
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from models.regression import training as regression
from models.regression.heads import networks
from models.settings import ModelSettings, TrainSettings
from models.training import network as training
from models.training.pruning_settings import PruningSettings

PT = {"name": "pt", "unit": 4.0, "tolerance": 0.2, "output": {"bits": 12, "integer": 6}, "edges": [1.0, 2.0]}


@pytest.fixture(autouse=True)
def deterministic(train_settings: TrainSettings) -> None:
    training.prepare(train_settings)


def silent(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda done: None)


def with_truth(batch: ImageBatch) -> ImageBatch:
    """A pT that is the weighted sum of the pixels (right pixels count more), and a constant mass."""
    dense = batch.dense()[..., 0]
    pt = (dense * np.linspace(1, 3, 8)).sum(axis=(1, 2)).astype(np.float32)
    return replace(batch, features=batch.features | {"jet_pt": pt, "jet_mass": np.full_like(pt, 1.5)})


@pytest.fixture
def images(make_images: Any, write_dataset: Any, tmp_path: Path) -> ImageDataset:
    made = {
        split: with_truth(make_images(jets, seed))
        for seed, (split, jets) in enumerate(zip(SPLITS, (2000, 300, 300), strict=True))
    }
    found: ImageDataset = write_dataset(tmp_path / "20_images", made)
    return found


def test_it_finds_what_is_in_the_image(
    images: ImageDataset, regression_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    how = train_settings.model_copy(
        update={
            "float_training": train_settings.float_training.model_copy(update={"epochs": 8}),
            "quantized_training": train_settings.quantized_training.model_copy(update={"epochs": 4}),
            "pruning": PruningSettings(sparsity=0.2),
        }
    )
    trained = regression.train(images, regression_settings, how, tmp_path, silent)
    found = regression.measure(images, regression_settings, trained, 1)
    spread = float(np.std(found.truth[:, 0]) / np.mean(found.truth[:, 0]))
    resolution = found.closures["model"]["pt"].whole
    assert resolution is not None
    assert resolution.resolution < 0.6 * spread
    assert resolution.median == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(found.predicted["image"][:, 0], 1, rtol=1e-5)  # the images add up to 1
    network = prove_network(lower(trained[-1].model))
    batch = next(images.split("test").batches(300))
    raw = integer_model.outputs(network, [network.graph.inputs[0].type.quantize(batch.dense())])[0]
    values = network.graph.outputs[0].type.to_float(raw) * [2.0, 1.0]
    np.testing.assert_array_equal(values, found.predicted["model"])
    assert trained[-1].history.sparsity[-1] == pytest.approx(0.2, abs=0.02)
    assert trained[-1].arithmetic.weights.nonzero < 0.82 * trained[-1].arithmetic.weights.all


def test_beside_the_tagger(
    images: ImageDataset, beside_tagger: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    trained = regression.train(images, beside_tagger, train_settings, tmp_path, silent)
    found = regression.measure(images, beside_tagger, trained, 1)
    assert found.performance is not None
    assert found.performance["model"].jets == 300
    assert [tuple(port.shape) for port in prove_network(lower(trained[-1].model)).graph.outputs] == [(2,), (2,)]
    assert set(found.as_json()["tagger"]) == {"float_standard", "float_separable", "model"}
    assert set(found.as_json()["uncertainty"]["taggers"]) == {"float_standard", "float_separable", "model"}


def residual(model_content: dict[str, Any], **changes: Any) -> ModelSettings:
    """A pT beside the pixels' sum, in units of 4 GeV, and a mass."""
    mass = {"name": "mass", "unit": 1.0, "tolerance": 0.2, "output": {"bits": 9, "integer": 2}, "edges": [1.0, 2.0]}
    content = {"task": "regression", "input": {"bits": 8, "integer": 4}}
    section = {"targets": [PT | {"residual": True} | changes, mass]}
    return ModelSettings.model_validate(model_content | content | {"regression": section})


def test_a_residual_is_added_to_the_sum_of_the_pixels(model_content: dict[str, Any]) -> None:
    """Without other weights the output is the sum of the pixels, float and quantized, and lowered the same integers."""
    pixels = np.random.default_rng(2).integers(0, 256, (50, 8, 8, 1)) / 16
    pixels[0], pixels[1] = 0, 255 / 16
    total = pixels.sum(axis=(1, 2, 3)) / 4
    for network in networks(residual(model_content)):
        model = network.build(residual(model_content), (8, 8, 1), 2)
        head = model.get_layer("pt")
        head.set_weights([np.zeros_like(each) for each in head.get_weights()])
        assert not {"pt_rows/kernel:0", "pt_pixels/kernel:0"} & {each.name for each in model.trainable_weights}
        found = model(pixels.astype(np.float32)).numpy()[:, 0]
        expected = np.minimum(np.rint(total * 64), 4095) / 64 if network.quantized else total
        np.testing.assert_array_equal(found, expected)
    proven = prove_network(lower(model))
    raw = integer_model.outputs(proven, [proven.graph.inputs[0].type.quantize(pixels)])[0]
    np.testing.assert_array_equal(proven.graph.outputs[0].type.to_float(raw)[:, 0], expected)
    assert proven.graph.outputs[0].name == "pt_mass"


def test_a_residual_needs_one_channel(model_content: dict[str, Any]) -> None:
    settings = residual(model_content)
    with pytest.raises(ConfigurationError, match="adds the pixels of one channel, the images have 2"):
        networks(settings)[0].build(settings, (8, 8, 2), 2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"unit": 3.0}, "a power of two, 1 or more"),
        ({"unit": 0.5}, "a power of two"),
        ({"name": "sdmass"}, "only for the target 'pt'"),
    ],
)
def test_a_residual_that_means_nothing_is_refused(
    model_content: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        residual(model_content, **change)


def test_the_port_is_what_the_network_sees(
    images: ImageDataset, regression_settings: ModelSettings, train_settings: TrainSettings
) -> None:
    """The baseline of the port adds pixels in steps of 2⁻⁸; the mass of the image is not touched by more than that."""
    found = regression.measure(images, regression_settings, [], 1)
    steps = found.predicted["port"][:, 0] * 256
    np.testing.assert_array_equal(steps, np.rint(steps))
    np.testing.assert_allclose(found.predicted["port"], found.predicted["image"], atol=0.02)
    assert (found.predicted["port"] != found.predicted["image"]).any()


def test_the_loss_is_keras_huber(regression_settings: ModelSettings) -> None:
    """In units of the tolerance, the mean over targets, with delta 1."""
    rng = np.random.default_rng(4)
    truth, output = rng.uniform(0, 2, (2, 50, 2)).astype(np.float32)
    found = regression.objective(regression_settings).losses[0](truth, output)
    scale = np.float32([0.1, 0.2])
    expected = tf.keras.losses.Huber(1.0, reduction="none")(truth / scale, output / scale)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_target_that_is_missing_is_named(
    make_images: Any,
    write_dataset: Any,
    regression_settings: ModelSettings,
    train_settings: TrainSettings,
    tmp_path: Path,
) -> None:
    batch = make_images(50, 1)
    broken = replace(batch, features=batch.features | {"jet_mass": np.full(50, np.nan, np.float32)})
    dataset = write_dataset(tmp_path / "20_images", dict.fromkeys(SPLITS, broken))
    with pytest.raises(InputFileError, match="jets of the 'train' split have no true mass"):
        regression.train(dataset, regression_settings, train_settings, tmp_path, silent)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task": "regression"}, "the section 'regression' belongs to"),
        ({"regression": {"targets": []}}, "at least 1 item"),
        (
            {"task": "regression", "symmetry": "p4", "regression": {"targets": [PT]}},
            "'symmetry: p4' is for taggers, not for 'task: regression'",
        ),
        ({"task": "regression", "regression": {"targets": [{"name": "pt"}]}}, "Field required"),
    ],
)
def test_bad_settings_are_refused(model_content: dict[str, Any], change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ModelSettings.model_validate(model_content | change)
