"""What the tests of `emulate` share: a tagger, what its training says of it, and the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.images.jets import ImagesSettings
from models.files.meaning import Meaning
from models.settings import ModelSettings
from pipeline.app import main

ROOT = Path(__file__).parents[4]
CONFIGURATION = ROOT / "configs" / "demo" / "images.yaml"
CLASSES = ("q", "g", "w", "z", "t")
JETS = 60


def demo(**change: Any) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text()) | change
    return content


def tagger() -> keras.Model:
    """Quark jets are narrow, top jets wide: the logit of t is the pT outside of the inner pixels minus that inside."""
    image = keras.Input((16, 16, 1))
    x = keras.layers.Flatten()(QActivation(quantized_relu(10, 10))(image))
    dense = QDense(5, kernel_quantizer=quantized_bits(5, 0, alpha=1), bias_quantizer=quantized_bits(5, 0, alpha=1))
    model = keras.Model(image, dense(x))
    edge = np.arange(16) - 7.5
    outside = (np.hypot(edge[:, None], edge[None, :]) > 1).reshape(-1)
    kernel = np.zeros((256, 5), np.float32)
    kernel[:, 4] = np.where(outside, 1, -1) / 16
    kernel[:, 0] = -kernel[:, 4]
    dense.set_weights([kernel, np.zeros(5, np.float32)])
    return model


def meaning() -> Meaning:
    """What a training on the images of the demo leaves."""
    settings = yaml.safe_load((ROOT / "configs" / "demo" / "model.yaml").read_text())
    images = ImagesSettings.model_validate(demo()).description
    return Meaning.of_training(images, ModelSettings.model_validate(settings))


def emulate(*arguments: str | Path) -> int:
    return main(["emulate", *map(str, arguments)])


def config(folder: Path, **change: Any) -> Path:
    (folder / "images.yaml").write_text(yaml.safe_dump(demo(**change)))
    return folder / "images.yaml"


def error_output(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())
