"""Model files of others: what is good comes back exactly, what could run code is refused before it is built."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import qkeras
from tensorflow import keras

from data_prep.errors import InputFileError, UnsupportedModelError
from models.files.keras_warnings import quietly
from models.files.load import load_model, save_model

layers = keras.layers
bits = qkeras.quantized_bits


@pytest.fixture(scope="module")
def quantized() -> keras.Model:
    """Every way to write a quantizer: object, text, in a layer, as activation."""
    keras.utils.set_random_seed(3)
    pixels = keras.Input((8, 8, 1))
    x = qkeras.QActivation(qkeras.quantized_relu(6, 0))(pixels)
    x = qkeras.QSeparableConv2D(
        2,
        3,
        depthwise_quantizer=bits(6, 0, alpha=1),
        pointwise_quantizer="quantized_bits(6,1,alpha=1)",
        bias_quantizer=bits(6, 0, alpha=1),
        activation="quantized_relu(6,2)",
    )(x)
    x = qkeras.QActivation("quantized_bits(6, 2, alpha=1.0)")(x)
    x = qkeras.QConv2DBatchnorm(3, 3, kernel_quantizer=bits(6, 0, alpha=1), bias_quantizer=bits(8, 2, alpha=1))(x)
    x = layers.Activation("relu")(x)
    x = layers.Flatten()(x)
    x = qkeras.QDense(4, kernel_quantizer=bits(4, 0, alpha="auto"), kernel_regularizer=keras.regularizers.L1(1e-3))(x)
    model = keras.Model(pixels, x)
    model.compile("adam", "mse")
    return model


@pytest.fixture(scope="module")
def plain_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Keras 2 model as `.h5`."""
    path = tmp_path_factory.mktemp("plain") / "model.h5"
    save_model(keras.Sequential([layers.Dense(3, activation="relu", input_shape=(4,), name="first")]), path)
    return path


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["model.h5", "model.keras", "name_without_suffix"])
def test_quantized_model_comes_back_exactly(quantized: keras.Model, tmp_path: Path, name: str) -> None:
    quantized.save(tmp_path / name, save_format="keras" if name.endswith("keras") else "h5")
    loaded = load_model(tmp_path / name)
    images = np.random.default_rng(0).uniform(-0.5, 1.5, (50, 8, 8, 1)).astype(np.float32)
    np.testing.assert_array_equal(loaded(images), quantized(images))


def test_saving_gives_the_same_bytes(plain_file: Path, tmp_path: Path) -> None:
    save_model(load_model(plain_file), tmp_path / "again.h5")
    save_model(load_model(plain_file), tmp_path / "once_more.h5")
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "once_more.h5").read_bytes()


def _edit(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of an `.h5` model with its JSON changed."""
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        configuration = json.loads(file.attrs["model_config"])
        change(configuration)
        file.attrs["model_config"] = json.dumps(configuration)
    return target


def _first(configuration: dict[str, Any]) -> dict[str, Any]:
    return next(layer for layer in configuration["config"]["layers"] if layer["class_name"] == "Dense")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: _first(c).update(class_name="Lambda"), "layer 'first' is a Lambda layer"),
        (lambda c: _first(c).update(class_name="TFOpLambda"), "'first' is a raw TensorFlow operation"),
        (lambda c: _first(c).update(class_name="Evil"), "'first' is of the unknown class 'Evil'"),
        (lambda c: _first(c).update(class_name=["Dense"]), "unknown class"),
        (lambda c: _first(c).update(registered_name="pkg>Dense"), "foreign class 'pkg>Dense'"),
        (lambda c: _first(c).update(module="os"), "foreign module 'os'"),
        (lambda c: _first(c).update(module="keras_evil"), "foreign module"),
        (lambda c: _first(c)["config"].update(activation="system('true')"), "activation or quantizer"),
        (
            lambda c: _first(c)["config"].update(activation="quantized_bits(__import__('os'))"),
            "activation or quantizer",
        ),
        (lambda c: _first(c)["config"].update(activation="quantized_bits(4,0,alpha=tf.io)"), "activation or quantizer"),
        (lambda c: _first(c)["config"].update(kernel_quantizer="my_quantizer(4)"), "activation or quantizer"),
        (
            lambda c: _first(c)["config"].update(
                activation={"class_name": "function", "config": "system", "module": "os", "registered_name": "system"}
            ),
            "uses the function 'system'",
        ),
        (
            lambda c: _first(c)["config"].update(
                activation={"class_name": "__lambda__", "config": {"value": ["4wAAAA==", None, None]}}
            ),
            "is a Lambda layer",
        ),
        (
            lambda c: _first(c)["config"].update(
                kernel_initializer={"class_name": "Custom>Init", "config": {}, "module": "mine"}
            ),
            "unknown class 'Custom>Init'",
        ),
        (lambda c: c.update(class_name="Evil"), "no Functional or Sequential"),
    ],
)
def test_foreign_code_is_refused(
    plain_file: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    with pytest.raises(UnsupportedModelError) as error:
        load_model(_edit(plain_file, tmp_path / "model.h5", change))
    assert reason in str(error.value)
    assert "model.h5" in str(error.value)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_code_of_a_lambda_layer_does_not_run(tmp_path: Path, suffix: str) -> None:
    """A real Lambda layer, saved by Keras, whose code leaves a trace when it is run."""
    trace = tmp_path / "trace"
    model = keras.Sequential(
        [layers.Lambda(lambda x, name=str(trace): [__import__("pathlib").Path(name).touch(), x][1], input_shape=(4,))]
    )
    trace.unlink()
    model.save(tmp_path / f"model.{suffix}")
    with pytest.raises(UnsupportedModelError, match="is a Lambda layer: it contains code"):
        load_model(tmp_path / f"model.{suffix}")
    assert not trace.exists()


def test_nested_lambda_is_found(tmp_path: Path) -> None:
    inner = keras.Sequential([layers.Lambda(lambda x: x, name="hidden", input_shape=(4,))], name="inner")
    save_model(keras.Sequential([inner]), tmp_path / "model.h5")
    with pytest.raises(UnsupportedModelError, match="'hidden' is a Lambda layer"):
        load_model(tmp_path / "model.h5")


def _with_a_model_inside() -> keras.Model:
    inner = keras.Sequential([qkeras.QActivation(bits(6, 1, alpha=1)), layers.Dense(3)], name="inner")
    return keras.Sequential([keras.Input((4,)), inner, qkeras.QActivation(qkeras.quantized_relu(4, 1))])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_model_in_a_model_comes_back_exactly(tmp_path: Path, suffix: str) -> None:
    model = _with_a_model_inside()
    model.save(tmp_path / f"model.{suffix}")
    x = np.random.default_rng(0).normal(0, 2, (50, 4)).astype(np.float32)
    np.testing.assert_array_equal(load_model(tmp_path / f"model.{suffix}")(x), model(x))


def test_a_quantizer_that_qkeras_does_not_load_is_named(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((4,)), qkeras.QActivation(qkeras.quantized_hswish(6, 1, alpha=1), name="bent")]
    )
    save_model(model, tmp_path / "model.h5")
    with pytest.raises(UnsupportedModelError, match=r"'bent' has a quantized_hswish.*quantized_relu"):
        load_model(tmp_path / "model.h5")


def test_the_settings_of_a_quantizer_inside_are_no_code(tmp_path: Path) -> None:
    """QKeras rebuilds such a quantizer from a text, which is made of its settings."""
    save_model(_with_a_model_inside(), tmp_path / "good.h5")

    def change(configuration: dict[str, Any]) -> None:
        inner = next(layer for layer in configuration["config"]["layers"] if layer["class_name"] == "Sequential")
        quantizer = next(layer for layer in inner["config"]["layers"] if layer["class_name"] == "QActivation")
        quantizer["config"]["activation"]["config"]["bits=__import__('os').getpid(), bits"] = 4

    with pytest.raises(UnsupportedModelError, match="has the activation or quantizer"):
        load_model(_edit(tmp_path / "good.h5", tmp_path / "bad.h5", change))


def test_no_warning_of_keras_about_qkeras(tmp_path: Path) -> None:
    """QKeras draws twice from one initializer; what else is warned of is shown."""
    inputs = keras.Input((4,))
    with quietly():
        x = qkeras.QDense(3, kernel_quantizer=qkeras.quantized_po2(4))(inputs)
        keras.Model(inputs, qkeras.QActivation(bits(6, 1, alpha=1))(x)).save(tmp_path / "model.keras")
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        load_model(tmp_path / "model.keras")
        with quietly():
            warnings.warn("something else", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in shown if warning.category is UserWarning] == ["something else"]


def test_saved_model_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(UnsupportedModelError, match="SavedModel contains code"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"import os\n", "neither HDF5"),
        (b"PK\x03\x04rest", "is damaged"),
        (b"\x89HDF\r\n\x1a\n", "is damaged"),
    ],
)
def test_no_model(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "model.h5").write_bytes(content)
    with pytest.raises(InputFileError, match=reason):
        load_model(tmp_path / "model.h5")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such model file"):
        load_model(tmp_path / "model.h5")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_truncated_file(quantized: keras.Model, tmp_path: Path, name: str) -> None:
    quantized.save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(InputFileError, match=name):
            load_model(tmp_path / name)


def test_flipped_bytes_give_a_named_error_or_a_model(plain_file: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    whole = bytearray(plain_file.read_bytes())
    for _ in range(60):
        damaged = whole.copy()
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        (tmp_path / "model.h5").write_bytes(damaged)
        try:
            model = load_model(tmp_path / "model.h5")
        except (InputFileError, UnsupportedModelError):
            continue
        assert [layer.name for layer in model.layers] == ["first"]


def test_archive_that_climbs_out(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.py", "raise SystemExit")
    with pytest.raises(UnsupportedModelError, match="leads out"):
        load_model(path)


def test_archive_with_more_than_a_model(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("assets/code.py", "raise SystemExit")
    with pytest.raises(UnsupportedModelError, match="which does not belong in a Keras model"):
        load_model(path)


def test_links_to_other_files_are_refused(plain_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(plain_file.read_bytes())
    with h5py.File(path, "r+") as file:
        file["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(UnsupportedModelError, match="'elsewhere' is a link"):
        load_model(path)


def test_keras_3_is_named(plain_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(plain_file.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "3.4.1"
    with pytest.raises(UnsupportedModelError, match=r"saved by Keras 3\.4\.1, Keras 2 is needed"):
        load_model(path)


def test_weights_without_a_network(tmp_path: Path) -> None:
    keras.Sequential([layers.Dense(3, input_shape=(4,))]).save_weights(tmp_path / "model.h5")
    with pytest.raises(InputFileError, match=r"keras_version|only weights"):
        load_model(tmp_path / "model.h5")


def test_weights_that_are_not_finite(tmp_path: Path) -> None:
    model = keras.Sequential([layers.Dense(1, input_shape=(1,), name="broken")])
    model.set_weights([np.array([[np.nan]]), np.zeros(1)])
    save_model(model, tmp_path / "model.h5")
    with pytest.raises(InputFileError, match="'broken' has weights that are not finite"):
        load_model(tmp_path / "model.h5")
