"""Named arrays and a few facts as bytes that can be sent, kept and checked.

Layout: 8 bytes that name the format, 32 bytes SHA-256 of all that follows, 4 bytes (little-endian) length of the
header, the header (JSON: the facts, and name, dtype, length and stored bytes of each array), the arrays one after
another, each compressed by lz4. The same arrays and facts give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FORMAT = b"JETCHNK1"
_START = len(FORMAT) + 32

Arrays = dict[str, npt.NDArray[Any]]


class DamagedBytesError(ValueError):
    """Bytes that are not what `pack` gave."""


def pack(arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> bytes:
    """Flat arrays, and facts that JSON can hold, as bytes."""
    stored = [pa.compress(np.ascontiguousarray(array), "lz4", asbytes=True) for array in arrays.values()]
    listed = [
        [name, array.dtype.str, array.size, len(part)]
        for (name, array), part in zip(arrays.items(), stored, strict=True)
    ]
    text = json.dumps({"arrays": listed, **facts}).encode()
    body = b"".join([len(text).to_bytes(4, "little"), text, *stored])
    return FORMAT + hashlib.sha256(body).digest() + body


def facts_of(data: bytes) -> dict[str, Any]:
    """The facts of packed bytes, which are checked as a whole.

    Raises:
        DamagedBytesError: they are of another format, cut short or changed.
    """
    return _header(data)[0]


def unpack(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and the facts of which these are the bytes.

    Raises:
        DamagedBytesError: they are of another format, cut short or changed.
    """
    facts, at = _header(data)
    whole = memoryview(data)
    arrays: Arrays = {}
    for name, kind, size, length in facts["arrays"]:
        dtype = np.dtype(kind)
        content = pa.decompress(whole[at : at + length], size * dtype.itemsize, "lz4") if size else b""
        arrays[name] = np.frombuffer(content, dtype)
        at += length
    return arrays, facts


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    whole = memoryview(data)
    if bytes(whole[: len(FORMAT)]) != FORMAT or hashlib.sha256(whole[_START:]).digest() != whole[len(FORMAT) : _START]:
        raise DamagedBytesError("the checksum of a chunk is wrong")
    at = _START + 4 + int.from_bytes(whole[_START : _START + 4], "little")
    header: dict[str, Any] = json.loads(bytes(whole[_START + 4 : at]))
    return header, at
