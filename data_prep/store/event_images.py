"""The Parquet dataset of event images with their truth: its schema, and reading it in batches.

Layout: docs/data_flow.md, `20_images/` of events. Truth is stored for towers with lit pixels only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data_prep.errors import InputFileError
from data_prep.events.batch import DTYPES, JAGGED, PER_EVENT, EventBatch, concatenate, empty
from data_prep.events.settings import EventDescription
from data_prep.store.split import SPLITS
from data_prep.store.splits_reader import DatasetKind, StoredDataset, StoredSplit
from data_prep.store.splits_writer import Form, SplitsWriter

METADATA_KEY = b"event_images"
GROUP_ROWS = 1 << 8
"""Events a row group."""
PART_GROUPS = 32
"""Row groups a file."""
_REMEDY = "make it with `python -m pipeline images` and `kind: events`"
_LISTS = {name: offsets for offsets, names in JAGGED.items() for name in names}


def schema(description: EventDescription) -> pa.Schema:
    """The Parquet schema of a dataset, its description included."""
    fields = [
        *(pa.field(name, pa.list_(_item(name)), nullable=False) for name in _LISTS),
        *(pa.field(name, pa.from_numpy_dtype(DTYPES[name]), nullable=False) for name in PER_EVENT),
    ]
    return pa.schema(fields, metadata={METADATA_KEY: description.model_dump_json().encode()})


def _item(name: str) -> pa.DataType:
    value = pa.from_numpy_dtype(DTYPES[name])
    return pa.list_(value, 4) if name == "jet_box" else value


def to_record_batch(batch: EventBatch, to: pa.Schema) -> pa.RecordBatch:
    """A batch as Arrow holds it.

    Raises:
        ValueError: more than 2^31 - 1 lit pixels in one batch.
    """
    if batch.offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError("too many lit pixels for one record batch")
    arrays: list[pa.Array] = []
    for name, offsets in _LISTS.items():
        flat = pa.array(getattr(batch, name).ravel())
        content = pa.FixedSizeListArray.from_arrays(flat, 4) if name == "jet_box" else flat
        starts = pa.array(getattr(batch, offsets).astype(np.int32))
        arrays.append(pa.ListArray.from_arrays(starts, content).cast(to.field(name).type))
    arrays += [pa.array(getattr(batch, name)) for name in PER_EVENT]
    return pa.RecordBatch.from_arrays(arrays, schema=to)


def from_record_batch(record: pa.RecordBatch, description: EventDescription, file: Path) -> EventBatch:
    """A batch as numpy holds it.

    Raises:
        InputFileError: when list columns do not belong together, or a pixel, tower or instance cannot be.
    """
    rows, columns, channels = description.shape
    arrays: dict[str, Any] = {name: record.column(name).to_numpy() for name in PER_EVENT}
    for offsets, names in JAGGED.items():
        starts = [_offsets(record.column(name)) for name in names]
        arrays[offsets] = starts[0] - starts[0][0]
        for name, start in zip(names, starts, strict=True):
            if not np.array_equal(start - start[0], arrays[offsets]):
                raise InputFileError(
                    f"the columns '{names[0]}' and '{name}' differ in length", file=file, remedy=_REMEDY
                )
            arrays[name] = _values(record.column(name), start, name)
    for name, limit in (("pixel", rows * columns * channels), ("tower", rows * columns)):
        if arrays[name].size and int(arrays[name].max()) >= limit:
            raise InputFileError(f"a {name} lies outside the {rows} x {columns} image", file=file, remedy=_REMEDY)
    jets = np.repeat(np.diff(arrays["jet_offsets"]), np.diff(arrays["tower_offsets"]))
    if np.any(arrays["tower_instance"] > jets):
        raise InputFileError("a tower belongs to a jet that does not exist", file=file, remedy=_REMEDY)
    return EventBatch(shape=description.shape, wrap=description.grid.wrap, **arrays)


def _offsets(column: pa.ListArray) -> npt.NDArray[np.int64]:
    return np.asarray(column.offsets.to_numpy(), dtype=np.int64)


def _values(column: pa.ListArray, starts: npt.NDArray[np.int64], name: str) -> npt.NDArray[Any]:
    content = column.values.slice(starts[0], starts[-1] - starts[0])
    if name == "jet_box":
        return np.asarray(content.flatten().to_numpy()).reshape(-1, 4)
    return np.asarray(content.to_numpy())


class EventDatasetWriter(SplitsWriter[EventBatch]):
    """Writes events into the splits of a dataset; use it as a context manager.

    Args:
        folder: an existing folder.
        description: what the images are.
        group_rows: events a row group.
        part_groups: row groups a file.
    """

    def __init__(
        self,
        folder: Path,
        description: EventDescription,
        *,
        group_rows: int = GROUP_ROWS,
        part_groups: int = PART_GROUPS,
    ) -> None:
        none = empty(description.shape, description.grid.wrap)
        form = Form(schema(description), none, concatenate, to_record_batch, dictionary=())
        super().__init__(folder, form, group_rows=group_rows, part_groups=part_groups)


_DATASET = DatasetKind(METADATA_KEY, "event images", "event", _REMEDY, EventDescription, schema)


@dataclass(frozen=True)
class EventSplit(StoredSplit[EventDescription, EventBatch]):
    """One of train, validation, test; a row is an event."""

    dataset_kind = _DATASET
    join = staticmethod(concatenate)

    @cached_property
    def whole(self) -> EventBatch:
        """The whole split in its sparse form, kept in memory (some 30 kB an event at a pileup of 140)."""
        return concatenate([empty(self.description.shape, self.description.grid.wrap), *self.read(GROUP_ROWS)])

    def read(self, size: int) -> Iterator[EventBatch]:
        """The events in their order, at most `size` at a time; see `StoredSplit.read`."""
        for file, record in self.records(size):
            yield from_record_batch(record, self.description, file)


class EventDataset(StoredDataset[EventDescription, EventSplit]):
    """A dataset of event images on disk; its metadata says towers, channels, thresholds."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels, without repeated columns."""
        return self.metadata.shape


def holds_events(folder: Path) -> bool:
    """Whether a folder is a dataset of event images, and not of jet images; false where it is none of them.

    Raises:
        InputFileError: a Parquet file that cannot be read.
    """
    file = next(iter(sorted(folder.glob("*/part-*.parquet"))), None)
    return file is not None and METADATA_KEY in (_DATASET.metadata(file).schema.to_arrow_schema().metadata or {})


def open_event_dataset(folder: Path) -> EventDataset:
    """Open a dataset that `python -m pipeline images` made of events; nothing but its metadata is read yet.

    Raises:
        InputFileError: no such folder, no dataset of events in it, or one of another format version.
    """
    description, files = _DATASET.open(folder)
    return EventDataset(folder, description, {name: EventSplit(name, files[name], description) for name in SPLITS})
