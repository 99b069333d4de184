"""An integer network on disk: what was saved comes back, and a damaged one is named, whatever it holds."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from data_prep.errors import InputFileError
from data_prep.fixed_point import FixedType
from hls_projects.network.network import Network
from hls_projects.network.port import Port
from tests.hls_projects.random_networks import NetworkBuilder

KERNEL = np.arange(-3, 3, dtype=np.int64).reshape(3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dense layer without bias."""
    build = NetworkBuilder(((3,), FixedType(4, 4)))
    build.add("QDense", ("in0",), (2,), kernel=KERNEL, weight=FixedType(3, 3))
    build.network().save(tmp_path)
    return tmp_path


def _member(name: str, content: bytes) -> bytes:
    """An archive with one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return archive.getvalue()


def _arrays(**arrays: np.ndarray) -> bytes:
    archive = io.BytesIO()
    np.savez_compressed(archive, **arrays)
    return archive.getvalue()


def test_round_trip(folder: Path) -> None:
    network = Network.load(folder)
    np.testing.assert_array_equal(network.weights["layer0"].kernel, KERNEL)
    assert network.graph.layers[0].weight == FixedType(3, 3)


HUGE = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000, 1000), }".ljust(
    117
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        _member("layer0.kernel.npy", HUGE + b"\n"),
        _member("layer0.kernel", b"no array"),
        _arrays(**{"layer0.kernel": KERNEL.astype(np.float64)}),
        _arrays(**{"layer0.kernel": KERNEL, "layer0.bias": KERNEL[0]}),
        _arrays(**{"layer0.kernel": KERNEL + 4}),
        _arrays(**{"layer0.kernel": KERNEL, "layer1.kernel": KERNEL}),
        _arrays(**{"layer0.kernel": np.array([None], dtype=object)}),
    ],
)
def test_weights_that_are_none(folder: Path, content: bytes) -> None:
    (folder / "weights.npz").write_bytes(content)
    with pytest.raises(InputFileError, match=r"weights.npz: (no weights|holds|a weight of)"):
        Network.load(folder)


def test_a_damaged_archive(folder: Path) -> None:
    whole = (folder / "weights.npz").read_bytes()
    for place in range(30, len(whole), 7):
        (folder / "weights.npz").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            network = Network.load(folder)
        except InputFileError:
            continue
        # dates and rights of the archive's members mean nothing here
        np.testing.assert_array_equal(network.weights["layer0"].kernel, KERNEL)


@pytest.mark.parametrize("name", ["", "a b", "a.b", "2nd", "x\n// y", "x;", "é", "_x", "x\\"])
def test_names_that_lowering_does_not_give(name: str) -> None:
    """They stand in source code that is compiled."""
    with pytest.raises(ValidationError, match="pattern"):
        Port(name=name, shape=(1,), type=FixedType(4, 4))
