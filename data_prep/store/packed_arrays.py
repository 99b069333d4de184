"""Named arrays and a few facts as bytes that can be sent, kept and checked.

An Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html) of one row, each array a list in a column of
its own, its buffers compressed by lz4; the facts are JSON in the schema's metadata. Behind it stands its SHA-256, which
Arrow does not read. The same arrays and facts give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
import pyarrow as pa

from data_prep.store.sealed import sealed, unsealed

FACTS = b"facts"
"""The key of the facts in the schema's metadata."""
_WRITING = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READING = pa.ipc.IpcReadOptions(use_threads=False)

Arrays = dict[str, npt.NDArray[Any]]


class DamagedBytesError(ValueError):
    """Bytes that are not what `pack` gave."""


def pack(arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> bytes:
    """Flat arrays of numbers, and facts that JSON can hold, as bytes."""
    columns = [pa.LargeListArray.from_arrays([0, array.size], pa.array(array)) for array in arrays.values()]
    row = pa.record_batch(columns, list(arrays), metadata={FACTS: json.dumps(dict(facts))})
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, row.schema, options=_WRITING) as writer:
        writer.write_batch(row)
    return sealed(stream.getvalue())


def facts_of(data: bytes) -> dict[str, Any]:
    """The facts of packed bytes, which are checked as a whole.

    Raises:
        DamagedBytesError: they are of another format, cut short or changed.
    """
    return _facts(_opened(data))


def unpack(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and the facts of which these are the bytes.

    Raises:
        DamagedBytesError: they are of another format, cut short or changed.
    """
    stream = _opened(data)
    row = stream.read_next_batch()
    return {name: row[name].values.to_numpy() for name in row.schema.names}, _facts(stream)


def _opened(data: bytes) -> pa.RecordBatchStreamReader:
    content = unsealed(data)
    if content is None:
        raise DamagedBytesError("the checksum of a chunk is wrong")
    try:
        stream = pa.ipc.open_stream(content, options=_READING)
    except pa.ArrowInvalid:
        raise DamagedBytesError("a chunk is no Arrow stream") from None
    if FACTS not in (stream.schema.metadata or {}):
        raise DamagedBytesError("a chunk lacks its facts")
    return stream


def _facts(stream: pa.RecordBatchStreamReader) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(stream.schema.metadata[FACTS])
    return facts
