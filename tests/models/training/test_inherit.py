"""Weights from one network to another: what both have, at the place where both have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorflow import keras

from data_prep.errors import InputFileError
from models.training.inherit import NetworkWeights, inherit, shared

layers = keras.layers


def network(filters: int, kernel: int, units: int | None, size: int = 6) -> keras.Model:
    x = pixels = keras.Input((size, size, 1))
    x = layers.Conv2D(filters, kernel, padding="same", name="block1")(x)
    x = layers.Flatten(name="flatten")(x)
    if units is not None:
        x = layers.Dense(units, name="dense1")(x)
    return keras.Model(pixels, layers.Dense(3, name="logits")(x))


def numbered(model: keras.Model) -> keras.Model:
    """Weights that are all different."""
    for layer in model.layers:
        layer.set_weights([np.arange(1, w.size + 1, dtype=np.float32).reshape(w.shape) for w in layer.get_weights()])
    return model


def test_the_same_shape_takes_everything(tmp_path: Path) -> None:
    source, target = numbered(network(2, 3, 4)), network(2, 3, 4)
    NetworkWeights.of(source).save(tmp_path / "weights.npz")
    kept = NetworkWeights.load(tmp_path / "weights.npz")
    assert shared(NetworkWeights.of(target), kept) == 1
    inherit(target, kept)
    for one, other in zip(source.get_weights(), target.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_kernels_by_their_middle_channels_from_the_first() -> None:
    source, target = numbered(network(2, 3, 4)), network(3, 5, 4)
    fresh = [np.array(weight) for weight in target.get_weights()]
    inherit(target, NetworkWeights.of(source))
    kernel, bias = target.get_layer("block1").get_weights()
    np.testing.assert_array_equal(kernel[1:4, 1:4, :, :2], source.get_layer("block1").get_weights()[0])
    np.testing.assert_array_equal(kernel[..., 2], fresh[0][..., 2])
    np.testing.assert_array_equal(kernel[0], fresh[0][0])
    np.testing.assert_array_equal(bias[:2], [1, 2])


@pytest.mark.parametrize("units", [4, None])
def test_the_layer_behind_the_map_by_its_rows_columns_and_channels(units: int | None) -> None:
    """A unit's weight for row 2, column 3, channel 1 stays that, whatever the number of channels."""
    source, target = numbered(network(2, 3, units)), network(3, 3, units)
    inherit(target, NetworkWeights.of(source))
    name = "dense1" if units else "logits"
    wide = target.get_layer(name).get_weights()[0].reshape(6, 6, 3, -1)
    np.testing.assert_array_equal(wide[..., :2, :], source.get_layer(name).get_weights()[0].reshape(6, 6, 2, -1))


def test_maps_of_other_rows_have_nothing_in_common() -> None:
    source, target = NetworkWeights.of(numbered(network(2, 3, 4, size=8))), NetworkWeights.of(network(2, 3, 4))
    common = 2 * 9 + 2 + 4 + 4 * 3 + 3
    assert shared(target, source) == common / (common + 6 * 6 * 2 * 4)


def test_fewer_units_share_what_is_left() -> None:
    small, large = NetworkWeights.of(network(1, 3, 2)), NetworkWeights.of(network(4, 3, 8))
    assert shared(small, large) == 1
    assert 0 < shared(large, small) < 0.5


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive"])
def test_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "weights.npz").write_bytes(content)
    with pytest.raises(InputFileError, match="holds no weights"):
        NetworkWeights.load(tmp_path / "weights.npz")


def test_quantized_networks_keep_what_they_train() -> None:
    """Not what they compute with: a copy trains on from there."""
    import qkeras

    pixels: Any = keras.Input((4, 4, 1))
    width = qkeras.quantized_bits(3, 0, alpha=1)
    x = qkeras.QConv2D(2, 3, kernel_quantizer=width, name="block1")(pixels)
    model = keras.Model(pixels, layers.Dense(2, name="logits")(layers.Flatten()(x)))
    values = np.full((3, 3, 1, 2), 0.123, np.float32)
    model.get_layer("block1").set_weights([values, np.zeros(2, np.float32)])
    np.testing.assert_array_equal(NetworkWeights.of(model).arrays["block1/0"], values)
