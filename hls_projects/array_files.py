"""Arrays of a `.npz` file that anyone may have written: its headers are checked before any array is read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError

MOST_INTEGERS = 1 << 24
"""Largest number of integers in all arrays (128 MB of int64): more weights than a network for firmware has."""
_SUFFIX = ".npy"
_Header = Callable[[IO[bytes]], tuple[tuple[int, ...], bool, np.dtype[Any]]]
_MAGIC: Callable[[IO[bytes]], tuple[int, int]] = np.lib.format.read_magic
_HEADERS: dict[tuple[int, int], _Header] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_BROKEN = (
    OSError, EOFError, BadZipFile, zlib.error, struct.error, ValueError, TypeError, LookupError, RuntimeError,
    MemoryError, SyntaxError, TokenError,
)  # fmt: skip
"""Errors of reading a file that is no `.npz`, or was made to do harm."""


def read_integers(path: Path, content: str, remedy: str) -> dict[str, npt.NDArray[np.int64]]:
    """All arrays of a file by name, int64.

    A compressed file of some megabytes can hold gigabytes of zeros. Its headers say so, and it is refused unread.

    Args:
        path: the `.npz`.
        content: what it should hold, for messages.
        remedy: for messages.

    Raises:
        InputFileError: no such file, an array of another type, or more integers than `MOST_INTEGERS`.
    """
    try:
        shapes = _shapes(path)
        integers = sum(int(np.prod(shape, dtype=object)) for shape in shapes.values())
        if integers > MOST_INTEGERS:
            raise ValueError(f"its headers announce {integers:,} integers, at most {MOST_INTEGERS:,} are read")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in shapes}
    except _BROKEN as error:
        raise InputFileError(f"no {content}: {error}", file=path, remedy=remedy) from None


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every array, from the headers alone."""
    shapes = {}
    with ZipFile(path) as archive:
        for entry in archive.infolist():
            name = entry.filename.removesuffix(_SUFFIX)
            if name == entry.filename or name in shapes:
                raise ValueError(f"holds {entry.filename!r}, which is no array or given twice")
            with archive.open(entry) as file:
                header = _HEADERS.get(_MAGIC(file))
                if header is None:
                    raise ValueError(f"the array {name!r} is of an unknown format")
                shape, _, dtype = header(file)
            if dtype != np.int64:
                raise ValueError(f"the array {name!r} is of {dtype}, not int64")
            shapes[name] = tuple(shape)
    return shapes
