"""Packed arrays are an Arrow stream that any Arrow library reads, and are read whole or not at all."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data_prep.store.packed_arrays import FACTS, DamagedBytesError, facts_of, pack, unpack
from data_prep.store.sealed import sealed

NUMBERS = ("<u1", "<u2", "<u4", "<u8", "<i8", "<f4", "<f8")


@pytest.fixture
def arrays(rng: np.random.Generator) -> dict[str, np.ndarray[Any, Any]]:
    """One array of each type, each of another length; the first has none of its values, the last is not contiguous."""
    lengths = range(0, 100 * len(NUMBERS), 100)
    drawn = {name: rng.bytes(n * np.dtype(name).itemsize) for name, n in zip(NUMBERS, lengths, strict=True)}
    arrays: dict[str, np.ndarray[Any, Any]] = {name: np.frombuffer(data, name) for name, data in drawn.items()}
    return arrays | {"every second": arrays["<f8"][::2]}


def test_the_bits_come_back(arrays: dict[str, np.ndarray[Any, Any]]) -> None:
    # random bits: infinities and NaN of all kinds among them
    facts = {"shape": [3, 4], "none": None, "text": "|Δη| < 1", "problems": []}
    data = pack(arrays, facts)
    returned, known = unpack(data)
    assert list(returned) == list(arrays)
    for name, array in arrays.items():
        assert (returned[name].dtype, returned[name].tobytes()) == (array.dtype, array.tobytes())
    assert known == facts_of(data) == facts
    assert pack(arrays, facts) == data


def test_arrow_reads_them(arrays: dict[str, np.ndarray[Any, Any]]) -> None:
    data = pack(arrays, {"entries": 5})
    table = pa.ipc.open_stream(data).read_all()
    assert table.num_rows == 1
    assert table["<u2"][0].as_py() == arrays["<u2"].tolist()
    assert json.loads(table.schema.metadata[FACTS]) == {"entries": 5}
    assert data[-32:] == hashlib.sha256(data[:-32]).digest()
    assert len(pack({"zeros": np.zeros(100_000)}, {})) < 10_000  # of 800,000 bytes


def test_every_changed_bit_and_every_cut_is_noticed() -> None:
    data = pack({"a": np.arange(5, dtype=np.uint16)}, {"b": 1})
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        for bad in (bytes(changed), data[:place], data[place + 1 :]):
            for read in (unpack, facts_of):
                with pytest.raises(DamagedBytesError, match="the checksum of a chunk is wrong"):
                    read(bad)


def _stream(table: pa.Table) -> bytes:
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"JETCHNK1" + bytes(100), "a chunk is no Arrow stream"),
        (_stream(pa.table({"a": [1]})), "a chunk lacks its facts"),
    ],
)
def test_what_is_sealed_but_no_chunk_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(DamagedBytesError, match=reason):
        unpack(sealed(content))


def test_the_format_before_arrow_is_refused() -> None:
    header = b'{"arrays": [], "environment": "x"}'
    body = len(header).to_bytes(4, "little") + header
    with pytest.raises(DamagedBytesError):
        facts_of(b"JETCHNK1" + hashlib.sha256(body).digest() + body)
