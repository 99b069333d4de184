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
import pyarrow.parquet as pq
from pydantic import ValidationError

from data_prep.errors import InputFileError
from data_prep.event_batch import DTYPES, JAGGED, PER_EVENT, EventBatch, concatenate, empty
from data_prep.event_settings import EventDescription
from data_prep.split import SPLITS
from data_prep.splits_writer import Form, SplitsWriter

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
    found: dict[str, Any] = {name: record.column(name).to_numpy() for name in PER_EVENT}
    for offsets, names in JAGGED.items():
        starts = [_offsets(record.column(name)) for name in names]
        found[offsets] = starts[0] - starts[0][0]
        for name, start in zip(names, starts, strict=True):
            if not np.array_equal(start - start[0], found[offsets]):
                raise InputFileError(
                    f"the columns '{names[0]}' and '{name}' differ in length", file=file, remedy=_REMEDY
                )
            found[name] = _values(record.column(name), start, name)
    for name, limit in (("pixel", rows * columns * channels), ("tower", rows * columns)):
        if found[name].size and int(found[name].max()) >= limit:
            raise InputFileError(f"a {name} lies outside the {rows} x {columns} image", file=file, remedy=_REMEDY)
    jets = np.repeat(np.diff(found["jet_offsets"]), np.diff(found["tower_offsets"]))
    if np.any(found["tower_instance"] > jets):
        raise InputFileError("a tower belongs to a jet that is not there", file=file, remedy=_REMEDY)
    return EventBatch(shape=description.shape, wrap=description.grid.wrap, **found)


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


@dataclass(frozen=True)
class EventSplit:
    """One of train, validation, test.

    Attributes:
        name: the split's name.
        files: its Parquet files, in order.
        description: what the images are.
    """

    name: str
    files: tuple[Path, ...]
    description: EventDescription

    @cached_property
    def rows(self) -> int:
        """The number of events."""
        return sum(_metadata(file).num_rows for file in self.files)

    @cached_property
    def events(self) -> EventBatch:
        """The whole split in its sparse form, kept in memory (some 30 kB an event at a pileup of 140)."""
        return concatenate([empty(self.description.shape, self.description.grid.wrap), *self._read(GROUP_ROWS)])

    def batches(self, size: int, shuffle_seed: int | None = None) -> Iterator[EventBatch]:
        """The events in batches of `size`; the last one may be smaller.

        Args:
            size: events a batch.
            shuffle_seed: None streams the files in their order; a number gives one reproducible permutation of the
                whole split, for which its sparse form is held in memory. Take another number in each epoch.

        Raises:
            InputFileError: a file that cannot be read.
            ValueError: a size below 1.
        """
        if size < 1:
            raise ValueError(f"a batch holds at least one event, not {size}")
        if shuffle_seed is None:
            return self._stream(size)
        order = np.random.default_rng(shuffle_seed).permutation(self.rows)
        return (self.events.take(order[start : start + size]) for start in range(0, self.rows, size))

    def _stream(self, size: int) -> Iterator[EventBatch]:
        """Cut what the files give into batches of exactly `size`."""
        held: list[EventBatch] = []
        for piece in self._read(size):
            held.append(piece)
            if sum(len(batch) for batch in held) >= size:
                whole = concatenate(held)
                yield whole.slice(0, size)
                held = [whole.slice(size, len(whole))] if len(whole) > size else []
        if held:
            yield concatenate(held)

    def _read(self, size: int) -> Iterator[EventBatch]:
        for file in self.files:
            try:
                with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
                    for record in parquet.iter_batches(batch_size=size):
                        yield from_record_batch(record, self.description, file)
            except (pa.ArrowException, OSError, KeyError) as error:
                raise InputFileError(f"cannot be read: {error}", file=file, remedy=_REMEDY) from None


@dataclass(frozen=True)
class EventDataset:
    """A dataset of event images on disk.

    Attributes:
        folder: where it lies.
        metadata: what the images are: towers, channels, thresholds.
    """

    folder: Path
    metadata: EventDescription
    splits: dict[str, EventSplit]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels, without repeated columns."""
        return self.metadata.shape

    def split(self, name: str) -> EventSplit:
        """One of `train`, `validation`, `test`.

        Raises:
            KeyError: any other name.
        """
        return self.splits[name]


def holds_events(folder: Path) -> bool:
    """Whether a folder is a dataset of event images, and not of jet images; false where it is none of them.

    Raises:
        InputFileError: a Parquet file that cannot be read.
    """
    file = next(iter(sorted(folder.glob("*/part-*.parquet"))), None)
    return file is not None and METADATA_KEY in (_metadata(file).schema.to_arrow_schema().metadata or {})


def open_event_dataset(folder: Path) -> EventDataset:
    """Open a dataset that `python -m pipeline images` made of events; nothing but its metadata is read yet.

    Raises:
        InputFileError: no such folder, no dataset of events in it, or one of another format version.
    """
    files = {split: tuple(sorted((folder / split).glob("part-*.parquet"))) for split in SPLITS}
    missing = [split for split in SPLITS if not files[split]]
    if missing:
        what = "is no dataset of event images" if len(missing) == len(SPLITS) else f"holds no '{missing[0]}' split"
        raise InputFileError(what if folder.exists() else "no such folder", file=folder, remedy=_REMEDY)
    descriptions = {_description(file) for parts in files.values() for file in parts}
    if len(descriptions) > 1:
        raise InputFileError("holds files of different datasets", file=folder, remedy=_REMEDY)
    description = descriptions.pop()
    return EventDataset(folder, description, {name: EventSplit(name, files[name], description) for name in SPLITS})


def _metadata(file: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        raise InputFileError(f"cannot be read: {error}", file=file, remedy=_REMEDY) from None


def _description(file: Path) -> EventDescription:
    """The description in the schema metadata of one file, and that the schema is the one it promises."""
    found = _metadata(file).schema.to_arrow_schema()
    try:
        description = EventDescription.model_validate_json((found.metadata or {})[METADATA_KEY])
    except KeyError:
        raise InputFileError("is a Parquet file, but not of event images", file=file, remedy=_REMEDY) from None
    except ValidationError as error:
        reason = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise InputFileError(
            f"holds event images this version cannot read: {reason}", file=file, remedy=_REMEDY
        ) from None
    if not found.equals(schema(description)):
        raise InputFileError("its columns are not those of a dataset of event images", file=file, remedy=_REMEDY)
    return description
