"""A small dataset of images on disk whose classes can be told apart, and settings that train on it in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.observables.columns import OBSERVABLES, Observables
from data_prep.store.jet_images import ImageDataset, ImageDescription, open_dataset
from data_prep.store.jet_images_writer import DatasetWriter
from models.settings import ModelSettings, TrainSettings

SHAPE = (8, 8, 1)
MakeImages = Callable[..., ImageBatch]
WriteDataset = Callable[..., ImageDataset]


def _images(jets: int, seed: int, classes: int = 2) -> ImageBatch:
    """Six lit pixels a jet that add up to 1, more widely spread and with more mass the higher the class."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, jets).astype(np.uint8)
    dense = np.zeros((jets, *SHAPE), np.float32)
    for _ in range(6):
        row = 3 + (rng.random(jets) * (label + 1.5)).astype(int)
        np.add.at(dense, (np.arange(jets), row, rng.integers(2, 6, jets), 0), rng.random(jets).astype(np.float32))
    dense /= dense.sum(axis=(1, 2, 3), keepdims=True)
    jet, pixel = np.nonzero(dense.reshape(jets, -1))
    features = {name: rng.uniform(1, 2, jets).astype(np.float32) for name in FEATURES}
    features["jet_sdmass"] = (rng.normal(80, 30, jets) + 20 * label).astype(np.float32)
    observables = rng.uniform(1, 2, (jets, len(OBSERVABLES))).astype(np.float32)
    observables[:, OBSERVABLES.index("sdmass")] = features["jet_sdmass"]
    observables_seen = observables.copy()
    observables_seen[:, OBSERVABLES.index("sdmass")] += rng.normal(0, 40, jets)
    return ImageBatch(
        SHAPE,
        np.concatenate([[0], np.cumsum(np.bincount(jet, minlength=jets))]).astype(np.int64),
        pixel.astype(np.uint16),
        dense.reshape(jets, -1)[jet, pixel],
        label,
        rng.uniform(0.5, 1.5, jets).astype(np.float32),
        rng.integers(0, 2**63, jets).astype(np.uint64),
        features,
        observables=Observables(observables, observables_seen),
    )


def _write(folder: Path, splits: dict[str, ImageBatch], *, observables: bool = True) -> ImageDataset:
    folder.mkdir(parents=True)
    grid = {"kind": "square", "pixels": SHAPE[0], "half_width": 0.8}
    description = ImageDescription.model_validate(
        {"classes": ("q", "t"), "grid": grid, "steps": [{"step": "centre"}], "observables": observables}
    )
    with DatasetWriter(folder, description) as writer:
        for name, batch in splits.items():
            writer.append(name, batch)
    return open_dataset(folder)


@pytest.fixture(scope="session")
def make_images() -> MakeImages:
    """Images of a number of jets from a seed."""
    return _images


@pytest.fixture(scope="session")
def write_dataset() -> WriteDataset:
    """Write a dataset of two classes, q and t, by split."""
    return _write


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> ImageDataset:
    """Two classes; 600 training, 200 validation and 300 test jets."""
    splits = {"train": _images(600, 1), "validation": _images(200, 2), "test": _images(300, 3)}
    return _write(tmp_path_factory.mktemp("data") / "20_images", splits)


@pytest.fixture
def model_content() -> dict[str, Any]:
    """The content of a small model.yaml."""
    width = {"bits": 6, "integer": 1}
    block = {"kernel": 3, "depthwise": width, "pointwise": width, "bias": width, "activation": width}
    return {
        "input": {"bits": 8, "integer": 0},
        "blocks": [block | {"filters": 3, "pooling": 2}, block | {"filters": 4, "pooling": 2}],
        "dense": [{"units": 6, "weights": width, "bias": width, "activation": width}],
        "output": {"weights": width, "bias": width},
    }


@pytest.fixture
def train_content() -> dict[str, Any]:
    """The content of a short train.yaml."""
    return {
        "seed": 7,
        "batch": 64,
        "float_training": {"epochs": 3, "learning_rate": 0.02},
        "quantized_training": {"epochs": 2, "learning_rate": 0.01},
        "trees": {"iterations": 10},
    }


@pytest.fixture
def model_settings(model_content: dict[str, Any]) -> ModelSettings:
    """A small network."""
    return ModelSettings.model_validate(model_content)


@pytest.fixture
def train_settings(train_content: dict[str, Any]) -> TrainSettings:
    """A short training."""
    return TrainSettings.model_validate(train_content)
