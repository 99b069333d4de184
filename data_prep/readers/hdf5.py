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
from data_prep.readers.file_kinds import require_container
from data_prep.readers.remote import RemoteFile

MOST_CHUNKS = 10_000
"""Of data sets of more chunks the number is checked, not the place of each."""


@contextmanager
def open_file(file: Path) -> Iterator[Any]:
    """An opened HDF5 file.

    Raises:
        InputFileError: no such file, no HDF5 file, a damaged one; whatever goes wrong inside.
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
    found: dict[str, tuple[int, frozenset[str]]] = {}
    seen: set[int] = set()

    def visit(group: Any, path: str) -> None:
        for key in group:
            item = group.get(key)  # None where a link leads nowhere
            if isinstance(item, h5py.Dataset) and item.shape:
                found[path + key] = int(item.shape[0]), frozenset(item.dtype.names or ())
            elif isinstance(item, h5py.Group) and item.file.filename == group.file.filename:
                address = h5py.h5o.get_info(item.id).addr
                if address not in seen:
                    seen.add(address)
                    visit(item, f"{path}{key}/")

    with open_file(file) as opened:
        visit(opened, "")
    return found


def dataset(opened: Any, name: str, file: Path) -> Any:
    """A data set that can be read with what is installed, and whose values are in this file.

    Raises:
        InputFileError: it is not there, in another file, or compressed by a filter that HDF5 does not bring along (as
            pandas' blosc).
    """
    item = opened.get(name)
    if not isinstance(item, h5py.Dataset):
        what = f"'{name}' is a group, not a data set" if isinstance(item, h5py.Group) else f"holds no data set '{name}'"
        raise InputFileError(what, file=file, remedy="give files of a layout in docs/data_flow.md")
    _require_own(opened, item, name, file)
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


def _require_own(opened: Any, item: Any, name: str, file: Path) -> None:
    """Check that a data set's values are in this file: others could change or vanish unseen, and are then zeros.

    Raises:
        InputFileError: naming the files that they are in.
    """
    if item.is_virtual:
        places, how = {source.file_name for source in item.virtual_sources()}, "is virtual"
    elif item.external:
        places, how = {str(part[0]) for part in item.external}, "is stored outside"
    elif item.file.filename != opened.filename:
        places, how = {str(item.file.filename)}, "is a link to another file"
    else:
        return
    raise InputFileError(
        f"the data set '{name}' {how}: its values are in {', '.join(sorted(places))}",
        file=file,
        remedy="give those files if they hold whole jets, or copy each data set by h5py: `new[name] = old[name][()]`",
    )


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
