"""Arrays that anyone may have made: refused by what their headers say, before they are read."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import InputFileError
from hls_projects.array_files import MOST_INTEGERS, read_integers


def _read(path: Path) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    return read_integers(path, "weights", "make them again")


def test_what_was_written_is_read(tmp_path: Path, rng: np.random.Generator) -> None:
    written = {
        "a.kernel": rng.integers(-9, 9, (3, 3, 1, 2)),
        "a.bias": rng.integers(-9, 9, 2),
        "b.kernel": np.zeros((0, 4), int),
    }
    np.savez_compressed(tmp_path / "weights.npz", **written)
    arrays = _read(tmp_path / "weights.npz")
    assert list(arrays) == list(written)
    for name, values in written.items():
        np.testing.assert_array_equal(arrays[name], values)


def test_gigabytes_in_a_small_file_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    # 2^18 zeros a row, 2^11 rows: 4 GiB of them
    header = (
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<i8', 'fortran_order': False, 'shape': (2048, 262144)}".ljust(117)
        + b"\n"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.kernel.npy", "w") as file:
        file.write(header)
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    with pytest.raises(
        InputFileError, match="no weights: its headers announce 536,870,912 integers, at most 16,777,216"
    ):
        _read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 22
    assert MOST_INTEGERS * 8 == 1 << 27


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"a": np.zeros(2)}, "'a' is of float64, not int64"),
        ({"a": np.zeros(2, np.int32)}, "'a' is of int32, not int64"),
        ({"a": np.array([{}])}, "'a' is of object, not int64"),
    ],
)
def test_arrays_of_another_type(
    tmp_path: Path, arrays: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]], reason: str
) -> None:
    np.savez(tmp_path / "weights.npz", **arrays)
    with pytest.raises(InputFileError, match=reason):
        _read(tmp_path / "weights.npz")


def test_what_is_no_array(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    with pytest.raises(InputFileError, match="no weights: .*No such file"):
        _read(path)
    path.write_bytes(b"PK")
    with pytest.raises(InputFileError, match="no weights: File is not a zip file"):
        _read(path)
    for name, content, reason in (
        ("a.txt", b"x", "'a.txt', which is no array"),
        ("a.npy", b"x", "no weights"),
        ("a.npy", b"\x93NUMPY\x03\x00\x00\x00", "unknown format"),
        ("a.npy", b"\x93NUMPY\x01\x00\x04\x00(1)\n", "no weights"),
        ("a.npy", b"\x93NUMPY\x01\x00\x04\x00(((\n", "no weights"),
        ("a.npy", b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, "no weights"),
        (
            "a.npy",
            b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<i8', 'fortran_order': False, 'shape': (-1,)}".ljust(117) + b"\n",
            "no weights",
        ),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)
        with pytest.raises(InputFileError, match=reason):
            _read(path)
