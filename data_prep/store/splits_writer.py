"""Writing batches of any kind into the Parquet files of three splits, in a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from data_prep.store.split import SPLITS


class Batch(Protocol):
    """Rows that can be counted, cut and chosen."""

    def __len__(self) -> int: ...

    def slice(self, start: int, stop: int) -> Self:
        """The rows start to stop - 1."""
        ...

    def take(self, rows: npt.NDArray[np.int64]) -> Self:
        """The given rows, in their order."""
        ...


B = TypeVar("B", bound=Batch)


@dataclass(frozen=True)
class Form(Generic[B]):
    """How batches of one kind are written.

    Attributes:
        schema: of the Parquet files.
        none: a batch without rows.
        join: batches to one, in their order.
        to_record: a batch as Arrow holds it.
        dictionary: columns with few different values.
    """

    schema: pa.Schema
    none: B
    join: Callable[[Sequence[B]], B]
    to_record: Callable[[B, pa.Schema], pa.RecordBatch]
    dictionary: tuple[str, ...] = ()


class SplitsWriter(Generic[B]):
    """Writes batches into the splits of a dataset; use it as a context manager.

    Row groups and files have fixed sizes, so that the bytes depend on the rows and their order alone and not on the
    batches they came in. At most one row group a split is held in memory. Every split gets at least one file.

    Args:
        folder: an existing folder.
        form: how batches are written.
        group_rows: rows a row group.
        part_groups: row groups a file.
    """

    def __init__(self, folder: Path, form: Form[B], *, group_rows: int, part_groups: int) -> None:
        self._splits = [_SplitWriter(folder / name, form, group_rows, part_groups) for name in SPLITS]

    def append(self, split: str, batch: B) -> None:
        """Add rows to the end of one split."""
        self._splits[SPLITS.index(split)].append(batch)

    def distribute(self, batch: B, split: npt.NDArray[np.uint8]) -> None:
        """Add every row to the end of its split; uint8 [rows], indices into `SPLITS`."""
        for index, writer in enumerate(self._splits):
            writer.append(batch.take(np.flatnonzero(split == index)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for split in self._splits:
            split.close(whole=error is None)


class _SplitWriter(Generic[B]):
    def __init__(self, folder: Path, form: Form[B], group_rows: int, part_groups: int) -> None:
        folder.mkdir()
        self._folder = folder
        self._form = form
        self._group_rows = group_rows
        self._part_groups = part_groups
        self._held = [form.none]
        self._held_rows = 0
        self._groups = 0
        self._file: pq.ParquetWriter | None = None

    def append(self, batch: B) -> None:
        self._held.append(batch)
        self._held_rows += len(batch)
        if self._held_rows < self._group_rows:
            return
        whole = self._form.join(self._held)
        start = 0
        while len(whole) - start >= self._group_rows:
            self._write(whole.slice(start, start + self._group_rows))
            start += self._group_rows
        # a copy, so that the joined batch is not kept alive by its last rows
        self._held = [self._form.join([self._form.none, whole.slice(start, len(whole))])]
        self._held_rows = len(whole) - start

    def close(self, *, whole: bool) -> None:
        if whole and (self._held_rows or self._groups == 0):
            self._write(self._form.join(self._held))
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, batch: B) -> None:
        form = self._form
        if self._file is None or self._groups % self._part_groups == 0:
            if self._file is not None:
                self._file.close()
            part = self._folder / f"part-{self._groups // self._part_groups:05d}.parquet"
            self._file = pq.ParquetWriter(
                part, form.schema, compression="zstd", use_dictionary=list(form.dictionary), write_page_checksum=True
            )
        self._file.write_batch(form.to_record(batch, form.schema), row_group_size=self._group_rows)
        self._groups += 1
