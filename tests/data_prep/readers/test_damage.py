"""Bytes flipped and files cut at random: a named error or the right jets, in two layouts of ROOT and two of HDF5.

What no program can notice: a basket of a ROOT file has a checksum only as part of its compression, by zlib (Adler-32)
or lz4 (xxHash), not by zstd; one that could not be made smaller (a handful of numbers) is stored as it is, and a flip
in it gives other numbers. The tree's record and the directory have none: a flip there is noticed where names, types,
lengths or entries no longer fit together, and not where the name of a branch that need not be there becomes another
name. The files here are compressed by zlib, and those two cases are told apart from what must be noticed. HDF5 has a
checksum of data only where `fletcher32` and of its metadata only where `libver="latest"` was chosen when the file was
written, as here.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import uproot

from data_prep.errors import InputFileError
from data_prep.readers.detect import contents
from tests.data_prep.readers import samples
from tests.data_prep.readers.layouts.test_every_layout import assert_same, options_of, whole

CASES = 150


@pytest.fixture
def no_hang() -> Iterator[None]:
    """A hang is a failure with a traceback, not a job that never ends."""

    def stop(*_: object) -> None:
        raise TimeoutError("reading a damaged file does not end")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(500)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def checked(path: Path) -> Path:
    """The HDF5 file with checksums on all data and all metadata."""
    with h5py.File(path, "r") as old:
        content = {name: old[name][()] for name in _datasets(old)}
    with h5py.File(path, "w", libver="latest") as new:
        for name, values in content.items():
            new.create_dataset(name, data=values, compression="gzip", fletcher32=True, chunks=values.shape)
    return path


def unprotected(path: Path) -> list[tuple[int, int]]:
    """Where the baskets of a ROOT file lie that are not compressed, keys included."""
    if path.read_bytes()[:4] != b"root":
        return []
    ranges = []
    with uproot.open(path) as file:
        for name in file.keys(filter_classname="TTree"):
            for branch in file[name].values():
                for number in range(branch.num_baskets):
                    key = branch.basket_key(number)
                    if key.data_compressed_bytes == key.data_uncompressed_bytes:
                        ranges.append((key.fSeekKey, key.fSeekKey + key.fNbytes))
    return ranges


def _datasets(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return names


@pytest.mark.parametrize("name", ["jetclass", "pfnano_v2", "lhc_jets", "top_tagging"])
def test_damage_is_named_or_harmless(name: str, tmp_path: Path, no_hang: None) -> None:
    sample = samples.jets(8)
    good = samples.WRITERS[name][0](sample, tmp_path / "good")
    if name in ("lhc_jets", "top_tagging"):
        checked(good)
    content = good.read_bytes()
    expected = whole(good, options_of(name))
    names, bare = contents(good).trees, unprotected(good)
    rng = np.random.default_rng(2026)
    named = 0
    for case in range(CASES):
        damaged = bytearray(content)
        damage, start = case % 3, int(rng.integers(len(content)))
        if damage == 0:
            damaged[start] ^= 1 << rng.integers(8)
        elif damage == 1:
            damaged[start : start + 16] = rng.bytes(len(damaged[start : start + 16]))
        else:
            del damaged[start:]
        (tmp_path / "bad").write_bytes(damaged)
        try:
            read = whole(tmp_path / "bad", options_of(name))
        except InputFileError as error:
            assert str(tmp_path / "bad") in str(error)
            assert "\n" not in str(error)
            named += 1
        else:
            length = (1, 16, len(content))[damage]
            if any(start < stop and start + length > first for first, stop in bare):
                continue
            if contents(tmp_path / "bad").trees == names:
                assert_same(read, expected)
    assert named > CASES // 3
