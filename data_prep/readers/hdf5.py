"""The interface to h5py: data sets of HDF5 files as numpy arrays, every error as one line."""

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
from data_prep.readers.file_kinds import require_container
from data_prep.readers.remote import RemoteFile

MOST_CHUNKS = 10_000
"""In data sets of more chunks only the number of chunks is checked, not the offset of each."""


@contextmanager
def open_file(file: Path) -> Iterator[Any]:
    """An opened HDF5 file.

    Raises:
        InputFileError: no such file, no HDF5 file, a damaged one; also for errors raised while it is open.
    """
    require_container(file, "hdf5")
    with faults(file), ExitStack() as stack:
        source = stack.enter_context(file.open("rb")) if isinstance(file, RemoteFile) else file
        yield stack.enter_context(h5py.File(source, "r"))


def datasets(file: Path) -> dict[str, tuple[int, frozenset[str]]]:
    """The data sets of a file: rows, and column names where a row is a record, by path.

    Raises:
        InputFileError: no such file, no HDF5 file, a damaged one.
    """
    sets: dict[str, tuple[int, frozenset[str]]] = {}
    visited: set[int] = set()

    def visit(group: Any, path: str) -> None:
        for key in group:
            member = group.get(key)  # None where the target of a link does not exist
            if isinstance(member, h5py.Dataset) and member.shape:
                sets[path + key] = int(member.shape[0]), frozenset(member.dtype.names or ())
            elif isinstance(member, h5py.Group) and member.file.filename == group.file.filename:
                address = h5py.h5o.get_info(member.id).addr
                if address not in visited:
                    visited.add(address)
                    visit(member, f"{path}{key}/")

    with open_file(file) as opened:
        visit(opened, "")
    return sets


def dataset(opened: Any, name: str, file: Path) -> Any:
    """A data set that HDF5 can decompress, and whose values are in this file.

    Raises:
        InputFileError: it does not exist, is in another file, or is compressed by a filter that is not part of HDF5 (as
            pandas' blosc).
    """
    data = opened.get(name)
    if not isinstance(data, h5py.Dataset):
        reason = (
            f"'{name}' is a group, not a data set" if isinstance(data, h5py.Group) else f"holds no data set '{name}'"
        )
        raise InputFileError(reason, file=file, remedy="give files of a layout in docs/data_flow.md")
    _require_own(opened, data, name, file)
    plist = data.id.get_create_plist()
    for number in range(plist.get_nfilters()):
        code, _, _, label = plist.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            raise InputFileError(
                f"the data set '{name}' is compressed with {label.decode(errors='replace') or code}, which HDF5 "
                "cannot read by itself",
                file=file,
                remedy="repack it with zlib: `ptrepack --complib=zlib OLD NEW`",
            )
    return data


def _require_own(opened: Any, data: Any, name: str, file: Path) -> None:
    """Check that a data set's values are in this file: in another file they could change, or be read as zeros.

    Raises:
        InputFileError: naming the files that hold the values.
    """
    if data.is_virtual:
        sources, storage = {source.file_name for source in data.virtual_sources()}, "is virtual"
    elif data.external:
        sources, storage = {str(segment[0]) for segment in data.external}, "is stored outside"
    elif data.file.filename != opened.filename:
        sources, storage = {str(data.file.filename)}, "is a link to another file"
    else:
        return
    raise InputFileError(
        f"the data set '{name}' {storage}: its values are in {', '.join(sorted(sources))}",
        file=file,
        remedy="give those files if they hold whole jets, or copy each data set by h5py: `new[name] = old[name][()]`",
    )


def check_whole(data: Any, file: Path) -> None:
    """Check that no chunk of a data set is missing: HDF5 reads a missing chunk as zeros.

    Raises:
        InputFileError: chunks are missing.
    """
    with faults(file):
        if data.chunks is None:
            complete = data.id.get_storage_size() >= data.size * data.dtype.itemsize
        else:
            grid = [range(0, length, chunk) for length, chunk in zip(data.shape, data.chunks, strict=True)]
            chunks = math.prod(len(axis) for axis in grid)
            complete = data.id.get_num_chunks() == chunks
            if complete and chunks <= MOST_CHUNKS:
                offsets: list[tuple[int, ...]] = []
                data.id.chunk_iter(lambda chunk: offsets.append(chunk.chunk_offset))
                complete = set(offsets) == set(product(*grid))
        if not complete:
            raise InputFileError(f"chunks of the data set '{data.name}' are missing", file=file, remedy=DAMAGED)


def rows(data: Any, start: int, stop: int, file: Path) -> npt.NDArray[Any]:
    """Rows `start` to `stop - 1`.

    Raises:
        InputFileError: the data set has fewer rows.
    """
    values = np.asarray(data[start:stop])
    if len(values) != stop - start:
        raise InputFileError(
            f"'{data.name}' gave {len(values)} of the {stop - start} rows from {start}", file=file, remedy=DAMAGED
        )
    return values


def names_of(opened: Any, name: str, file: Path) -> list[str]:
    """The strings in a data set of names."""
    values = np.asarray(dataset(opened, name, file)[()]).ravel().tolist()
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]
