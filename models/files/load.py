"""Saving model files, and loading those of anyone without running code that they contain.

The file is checked as data first (`models.files.inspect_model`); only then Keras rebuilds the network from it.
"""

from __future__ import annotations

import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np
from tensorflow import keras

from data_prep.errors import InputFileError, UnsupportedModelError
from data_prep.system.machine import MEMORY, machine_fault
from models.files.inspect_model import MODELS, check_configuration
from models.files.keras_warnings import quietly
from models.quantization.quantizers import custom_objects

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_ZIP_MAGIC = b"PK\x03\x04"
_SIZE_LIMIT = 2**30
_SAVE_AGAIN = "save it again with Keras 2: model.save('model.h5')"
# What Keras, QKeras and h5py raise on a configuration or on weights that do not fit.
_BUILD_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OSError, RuntimeError)


def load_model(path: Path) -> keras.Model:
    """Load a Keras 2 or QKeras model from `.h5` or `.keras`, not compiled.

    Raises:
        InputFileError: no such file, neither HDF5 nor a Keras archive, truncated, without a network, with weights that
            do not fit or are not finite.
        UnsupportedModelError: a SavedModel folder, Keras 3, Lambda layers, foreign classes or functions, links to
            other files; all of these are detected before any part of the model is built.
    """
    if path.is_dir():
        raise UnsupportedModelError(
            "is a folder; a TensorFlow SavedModel contains code, which is not run here", file=path, remedy=_SAVE_AGAIN
        )
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except FileNotFoundError:
        raise InputFileError("no such model file", file=path) from None
    if magic == _HDF5_MAGIC:
        model = _load_hdf5(path)
    elif magic.startswith(_ZIP_MAGIC):
        model = _load_archive(path)
    else:
        reason = "is empty" if not magic else "is not a Keras model: neither HDF5 (.h5) nor a Keras archive (.keras)"
        raise InputFileError(reason, file=path, remedy=_SAVE_AGAIN)
    for layer in model.layers:
        if not all(np.isfinite(weight).all() for weight in layer.get_weights()):
            raise InputFileError(
                f"layer {layer.name!r} has weights that are not finite", file=path, remedy="train it again"
            )
    return model


def save_model(model: keras.Model, path: Path) -> None:
    """Save a model as HDF5 (`.h5`), the form in which QKeras layers come back exactly; without its optimizer."""
    # Written in memory first: on a full disk the error that HDF5 raises depends on its cache.
    content = io.BytesIO()
    with quietly(), h5py.File(content, "w") as file:
        # Keras calls this format legacy.
        warnings.filterwarnings("ignore", "You are saving your model as an HDF5 file", UserWarning)
        model.save(file, save_format="h5", include_optimizer=False)
    path.write_bytes(content.getvalue())


def _load_hdf5(path: Path) -> keras.Model:
    with _rebuilding(path), h5py.File(path, "r") as file:
        _check_hdf5(file, path)
        _check_version(file.attrs.get("keras_version"), path)
        text = file.attrs.get("model_config")
        if text is None or "model_weights" not in file:
            raise InputFileError("contains only weights, not the network", file=path, remedy=_SAVE_AGAIN)
        configuration = _parse(text, path)
        check_configuration(configuration, path)
        if not _holds_models(configuration):
            return keras.models.load_model(file, custom_objects=custom_objects(), compile=False)
        configuration = _inference_only(configuration)
        check_configuration(configuration, path)
        with h5py.File(io.BytesIO(), "w") as copy:
            file.copy("model_weights", copy)
            copy.attrs.update({**file.attrs, "model_config": json.dumps(configuration)})
            return keras.models.load_model(copy, custom_objects=custom_objects(), compile=False)


def _load_archive(path: Path) -> keras.Model:
    """Keras reads a copy of the `.keras` file that is packed from its checked parts."""
    with _rebuilding(path), zipfile.ZipFile(path) as archive:
        parts = _archive_parts(archive, path)
        metadata = _parse(parts["metadata.json"], path)
        _check_version(metadata.get("keras_version") if isinstance(metadata, dict) else None, path)
        configuration = _inference_only(_parse(parts["config.json"], path))
        check_configuration(configuration, path)
        with h5py.File(io.BytesIO(parts["model.weights.h5"]), "r") as weights:
            _check_hdf5(weights, path)
        parts["config.json"] = json.dumps(configuration).encode()
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "model.keras")
            with zipfile.ZipFile(copy, "w") as packed:
                for name, content in parts.items():
                    packed.writestr(name, content)
            return keras.models.load_model(copy, custom_objects=custom_objects(), compile=False)


@contextmanager
def _rebuilding(path: Path) -> Iterator[None]:
    """Turn what the libraries raise on damaged or unfitting content into one named error."""
    try:
        with quietly():
            yield
    except (*_BUILD_ERRORS, zipfile.BadZipFile, RecursionError) as error:
        lacking = machine_fault(error)
        if lacking is not None and lacking.lack != MEMORY:  # a damaged file may ask for any amount of memory
            raise lacking from error
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise InputFileError(f"is damaged or not a Keras 2 model: {reason}", file=path, remedy=_SAVE_AGAIN) from error


def _archive_parts(archive: zipfile.ZipFile, path: Path) -> dict[str, bytes]:
    names = ("config.json", "metadata.json", "model.weights.h5")
    for entry in archive.infolist():
        name = PurePosixPath(entry.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
            raise UnsupportedModelError(
                f"contains the path {entry.filename[:80]!r}, which leads out of the archive", file=path
            )
        if entry.filename not in names and not entry.is_dir():
            raise UnsupportedModelError(
                f"contains {entry.filename[:80]!r}, which does not belong in a Keras model", file=path
            )
        if entry.file_size > _SIZE_LIMIT:
            raise UnsupportedModelError(f"{entry.filename!r} unpacks to more than {_SIZE_LIMIT} bytes", file=path)
    missing = [name for name in names if name not in archive.namelist()]
    if missing:
        raise InputFileError(f"is not a Keras model: {missing[0]} is missing", file=path, remedy=_SAVE_AGAIN)
    return {name: archive.read(name) for name in names}


def _check_hdf5(file: h5py.File, path: Path) -> None:
    """Refuse links, data sets kept in other files, and more data than a model has."""

    def visit(group: h5py.Group) -> int:
        size = 0
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UnsupportedModelError(f"{name!r} is a link, not data", file=path, remedy=_SAVE_AGAIN)
            item = group[name]
            if isinstance(item, h5py.Group):
                size += visit(item)
            elif item.external or item.is_virtual:
                raise UnsupportedModelError(f"{name!r} keeps its data in another file", file=path, remedy=_SAVE_AGAIN)
            else:
                size += item.nbytes
        return size

    if visit(file) > _SIZE_LIMIT:
        raise UnsupportedModelError(f"contains more than {_SIZE_LIMIT} bytes of weights", file=path)


def _check_version(version: Any, path: Path) -> None:
    text = version.decode("utf-8", "replace") if isinstance(version, bytes) else str(version)
    if not text.startswith("2."):
        version_name = "an unknown version of Keras" if version is None else f"Keras {text[:20]}"
        raise UnsupportedModelError(f"was saved by {version_name}, Keras 2 is needed", file=path, remedy=_SAVE_AGAIN)


def _parse(text: Any, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError):
        raise InputFileError(
            "its description of the network is not valid JSON", file=path, remedy=_SAVE_AGAIN
        ) from None


def _holds_models(configuration: Any) -> bool:
    """Whether a layer of a checked configuration is a model itself."""
    layers = configuration["config"]["layers"]
    return any(layer["class_name"] in MODELS for layer in layers)


def _inference_only(node: Any) -> Any:
    """The configuration without optimizers and losses, and with the quantizers of QActivation layers as text.

    QKeras 0.9 rebuilds a QActivation from its quantizer's text, but not from the quantizer object, in a `.keras` file
    and in a model that is a layer of another in an `.h5` file.
    """
    if isinstance(node, list):
        return [_inference_only(value) for value in node]
    if not isinstance(node, dict):
        return node
    node = {key: _inference_only(value) for key, value in node.items() if key != "compile_config"}
    if node.get("class_name") == "QActivation" and isinstance(node["config"].get("activation"), dict):
        quantizer = node["config"]["activation"]
        settings = ", ".join(f"{key}={value!r}" for key, value in quantizer["config"].items() if value is not None)
        node["config"]["activation"] = f"{quantizer['class_name']}({settings})"
    return node
