"""The door to h5py: data sets of HDF5 files as numpy arrays, every fault as one line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.readers.faults import DAMAGED, faults
from data_prep.readers.remote import RemoteFile

MAGIC = b"\x89HDF\r\n\x1a\n"
"""The first bytes of an HDF5 file."""

MOST_CHUNKS = 10_000
"""Of data sets of more chunks the number is checked, not the place of each."""


@contextmanager
def open_file(file: Path) -> Iterator[Any]:
    """An opened HDF5 file.

    Raises:
        InputFileError: no such file, no HDF5 file, a damaged one; whatever goes wrong inside.
    """
    if not file.exists():
        raise InputFileError("no such file", file=file, remedy="check the path")
    with faults(file):
        with file.open("rb") as raw:
            if raw.read(len(MAGIC)) != MAGIC:
                raise InputFileError("is no HDF5 file", file=file, remedy="give files that HDF5 wrote")
        with ExitStack() as stack:
            source = stack.enter_context(file.open("rb")) if isinstance(file, RemoteFile) else file
            yield stack.enter_context(h5py.File(source, "r"))


def datasets(file: Path) -> dict[str, tuple[int, frozenset[str]]]:
    """The data sets of a file: rows, and column names where a row is a record, by path.

    Raises:
        InputFileError: no such file, no HDF5 file, a damaged one.
    """
    found: dict[str, tuple[int, frozenset[str]]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape:
            found[name] = int(item.shape[0]), frozenset(item.dtype.names or ())

    with open_file(file) as opened:
        opened.visititems(visit)
    return found


def dataset(opened: Any, name: str, file: Path) -> Any:
    """A data set that can be read with what is installed.

    Raises:
        InputFileError: it is not there, or compressed by a filter that HDF5 does not bring along (as pandas' blosc).
    """
    item = opened.get(name)
    if not isinstance(item, h5py.Dataset):
        raise InputFileError(f"holds no data set '{name}'", file=file)
    plist = item.id.get_create_plist()
    for number in range(plist.get_nfilters()):
        code, _, _, label = plist.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            raise InputFileError(
                f"the data set '{name}' is compressed with {label.decode(errors='replace') or code}, which HDF5 "
                "cannot read by itself",
                file=file,
                remedy="repack it with zlib: `ptrepack --complib=zlib OLD NEW`",
            )
    return item


def check_whole(item: Any, file: Path) -> None:
    """Check that every chunk of a data set is there: HDF5 reads a missing one as zeros.

    Raises:
        InputFileError: chunks are missing.
    """
    with faults(file):
        if item.chunks is None:
            whole = item.id.get_storage_size() >= item.size * item.dtype.itemsize
        else:
            grid = [range(0, length, chunk) for length, chunk in zip(item.shape, item.chunks, strict=True)]
            wanted = math.prod(len(axis) for axis in grid)
            whole = item.id.get_num_chunks() == wanted
            if whole and wanted <= MOST_CHUNKS:
                places: list[tuple[int, ...]] = []
                item.id.chunk_iter(lambda chunk: places.append(chunk.chunk_offset))
                whole = set(places) == set(product(*grid))
        if not whole:
            raise InputFileError(f"the data set '{item.name}' has holes", file=file, remedy=DAMAGED)


def rows(item: Any, start: int, stop: int, file: Path) -> npt.NDArray[Any]:
    """Rows `start` to `stop - 1`.

    Raises:
        InputFileError: there are fewer.
    """
    values = np.asarray(item[start:stop])
    if len(values) != stop - start:
        raise InputFileError(
            f"'{item.name}' gave {len(values)} of the {stop - start} rows from {start}", file=file, remedy=DAMAGED
        )
    return values


def names_of(opened: Any, name: str, file: Path) -> list[str]:
    """The strings in a data set of names."""
    values = np.asarray(dataset(opened, name, file)[()]).ravel().tolist()
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]
