"""Files of scores, one row a jet: Parquet, or a TTree that ROOT reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_prep.errors import ConfigurationError
from data_prep.store.root_bytes import reproducible

TREE = "scores"
"""The tree of a ROOT file."""
METADATA_KEY = "jet_scores"
"""Key of the description of the rows, JSON: in the metadata of a Parquet file; in a ROOT file a TObjString."""
SIZE = b"size"
"""Metadata of a column of lists: the length of every list that is not null."""
WORDS = ("file", "fate", "label")
"""Text columns with few distinct values."""

Write = Callable[[pa.RecordBatch], None]


def require_ending(out: Path) -> None:
    """Make sure that the ending of a file name has a format.

    Raises:
        ConfigurationError: another ending than `.parquet` and `.root`.
    """
    if out.suffix not in _FORMATS:
        endings = " or ".join(_FORMATS)
        reason = (
            f"scores are written as {endings}, not as '{out.suffix}'" if out.suffix else f"the name needs {endings}"
        )
        raise ConfigurationError(reason, file=out, remedy=f"end the name of --out with {endings}")


def score_writer(path: Path, out: Path, schema: pa.Schema) -> AbstractContextManager[Write]:
    """Write record batches of one schema; the same rows give the same bytes.

    ROOT has no null: missing floating-point numbers are NaN, integers 0 and texts empty.

    Args:
        path: the file that is written.
        out: its final name, whose ending chooses the format.
        schema: numbers, texts, and lists of `SIZE` integers; its metadata are written too.

    Raises:
        ConfigurationError: see `require_ending`.
    """
    require_ending(out)
    return _FORMATS[out.suffix](path, out, schema)


@contextmanager
def _parquet(path: Path, out: Path, schema: pa.Schema) -> Iterator[Write]:
    words = [name for name in WORDS if name in schema.names]
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=words) as writer:
        yield writer.write_batch


@contextmanager
def _root(path: Path, out: Path, schema: pa.Schema) -> Iterator[Write]:
    import uproot

    with (
        reproducible(out.name) as uuid_function,
        uproot.recreate(path, compression=uproot.ZLIB(1), uuid_function=uuid_function) as file,
    ):
        description = (schema.metadata or {}).get(METADATA_KEY.encode())
        if description is not None:
            file[METADATA_KEY] = description.decode()
        tree = file.mktree(TREE, {field.name: _branch(field) for field in schema})

        def write(record: pa.RecordBatch) -> None:
            if record.num_rows:
                tree.extend({field.name: _values(record.column(field.name), field) for field in schema})

        yield write


_FORMATS = {".parquet": _parquet, ".root": _root}


def _dtype(arrow_type: pa.DataType) -> np.dtype[Any]:
    return np.asarray(pa.array([], arrow_type).to_numpy(zero_copy_only=False)).dtype


def _branch(field: pa.Field) -> Any:
    """The type of a branch."""
    if pa.types.is_string(field.type):
        return "string"
    if pa.types.is_list(field.type):
        return np.dtype((_dtype(field.type.value_type), (int(field.metadata[SIZE]),)))
    return _dtype(field.type)


def _values(column: pa.Array, field: pa.Field) -> Any:
    """A column in the form that uproot writes."""
    import awkward as ak

    if pa.types.is_string(field.type):
        return ak.from_arrow(column.fill_null(""))
    if pa.types.is_list(field.type):
        values = np.zeros((len(column), int(field.metadata[SIZE])), _dtype(field.type.value_type))
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        values[valid] = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, values.shape[1])
        return values
    fill = np.nan if pa.types.is_floating(field.type) else 0
    return column.fill_null(fill).to_numpy(zero_copy_only=False)
