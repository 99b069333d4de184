"""Small networks with each symmetry, and what they are built from."""

from __future__ import annotations

from typing import Any

import numpy as np
from tensorflow import keras

from models.architectures.registry import HARDWARE, networks
from models.settings import ModelSettings
from models.symmetry.configured_group import group_of
from models.symmetry.groups import Group

WORDS = ("views", "p4", "p4m", "hex", "p6", "p6m")
INVARIANT = ("p4", "p4m", "p6", "p6m")
CLASSES = 3


def grid_of(word: str) -> str:
    """The pixels that a word is for."""
    return "hexagonal" if word in ("hex", "p6", "p6m") else "square"


def shape_of(word: str, channels: int = 1) -> tuple[int, int, int]:
    """A small image: 8 x 8 pixels, or a hexagon five pixels from its middle to its corners."""
    size = 11 if grid_of(word) == "hexagonal" else 8
    return size, size, channels


def content(word: str, *, convolution: str = "separable", **changes: Any) -> dict[str, Any]:
    """The content of `model.yaml`: two blocks, a dense layer; every sum is exact in float32."""
    weight = {"bits": 6, "integer": 0}
    block: dict[str, Any] = {
        "filters": 2,
        "convolution": convolution,
        "pointwise": weight,
        "bias": weight,
        "activation": {"bits": 6, "integer": 6},
    }
    if convolution == "separable":
        block["depthwise"] = weight
    first_block, second_block = block | {"pooling": 2}, block | {"pooling": 1, "padding": "valid"}
    return {
        "symmetry": word,
        "input": {"bits": 4, "integer": 4},
        "blocks": [first_block, second_block | {"filters": 3}],
        "dense": [{"units": 4, "weights": weight, "bias": weight, "activation": {"bits": 8, "integer": 8}}],
        "output": {"weights": weight, "bias": weight},
    } | changes


def mixed(word: str) -> dict[str, Any]:
    """Changes that make the first block a full convolution and the second one separable."""
    return {"blocks": [content(word, convolution=form)["blocks"][i] for i, form in enumerate(("full", "separable"))]}


def settings_of(word: str, **changes: Any) -> ModelSettings:
    """The settings of one small network."""
    return ModelSettings.model_validate(content(word, **changes))


def built(settings: ModelSettings, channels: int = 1, name: str = HARDWARE) -> keras.Model:
    """The network with random weights, also beyond the quantizers' ranges; features are lit and not saturated."""
    keras.backend.clear_session()
    word = settings.symmetry
    network = next(definition for definition in networks(settings, grid_of(word)) if definition.name == name)
    model = network.build(settings, shape_of(word, channels), CLASSES)
    rng = np.random.default_rng(13)
    for variable in model.weights:
        inputs = np.prod(variable.shape[:-1])
        one_an_output = len(variable.shape) == 1
        values = rng.normal(0.8 / inputs, 1.2 / np.sqrt(inputs), variable.shape) * (0.25 if one_an_output else 1)
        positive = "variance" in variable.name or "gamma" in variable.name
        variable.assign(np.abs(values) + 0.8 if positive else values)
    return model


def group_for(word: str) -> Group:
    """Its group on its images."""
    return group_of(word, grid_of(word), shape_of(word))  # type: ignore[arg-type]


def random_images(word: str, count: int, channels: int = 1, seed: int = 3) -> np.ndarray[Any, Any]:
    """Integers over the whole range of the port and beyond it, halves included; zero outside the hexagon."""
    rng = np.random.default_rng(seed)
    shape = shape_of(word, channels)
    values = rng.integers(-4, 40, (count, *shape)) / 2
    return (values * group_for(word).support(shape[0])[..., None]).astype(np.float32)
