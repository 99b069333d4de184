"""Writing the Parquet dataset of sparse jet images, in a stream."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow.parquet as pq

from data_prep.dataset import ImageDescription, schema, to_record_batch
from data_prep.image_batch import ImageBatch, concatenate, empty
from data_prep.split import SPLITS

GROUP_ROWS = 1 << 14
"""Images a row group."""
PART_GROUPS = 32
"""Row groups a file."""


class DatasetWriter:
    """Writes batches into the splits of a dataset; use it as a context manager.

    Row groups and files have fixed sizes, so that the bytes depend on the images and their order alone and not on the
    batches they came in. At most one row group a split is held in memory. Every split gets at least one file.

    Args:
        folder: an existing folder.
        description: what the images are.
        group_rows: images a row group.
        part_groups: row groups a file.
    """

    def __init__(
        self,
        folder: Path,
        description: ImageDescription,
        *,
        group_rows: int = GROUP_ROWS,
        part_groups: int = PART_GROUPS,
    ) -> None:
        self._splits = [_SplitWriter(folder / name, description, group_rows, part_groups) for name in SPLITS]

    def append(self, split: str, batch: ImageBatch) -> None:
        """Add images to the end of one split."""
        self._splits[SPLITS.index(split)].append(batch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for split in self._splits:
            split.close(whole=error is None)


class _SplitWriter:
    def __init__(self, folder: Path, description: ImageDescription, group_rows: int, part_groups: int) -> None:
        folder.mkdir()
        self._folder = folder
        self._schema = schema(description)
        self._group_rows = group_rows
        self._part_groups = part_groups
        self._empty = empty(description.shape, description.candidates.number if description.candidates else None)
        self._held = [self._empty]
        self._held_rows = 0
        self._groups = 0
        self._file: pq.ParquetWriter | None = None

    def append(self, batch: ImageBatch) -> None:
        self._held.append(batch)
        self._held_rows += len(batch)
        if self._held_rows < self._group_rows:
            return
        whole = concatenate(self._held)
        start = 0
        while len(whole) - start >= self._group_rows:
            self._write(whole.slice(start, start + self._group_rows))
            start += self._group_rows
        # a copy, so that the joined batch is not kept alive by its last rows
        self._held = [concatenate([self._empty, whole.slice(start, len(whole))])]
        self._held_rows = len(whole) - start

    def close(self, *, whole: bool) -> None:
        if whole and (self._held_rows or self._groups == 0):
            self._write(concatenate(self._held))
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, batch: ImageBatch) -> None:
        if self._file is None or self._groups % self._part_groups == 0:
            if self._file is not None:
                self._file.close()
            part = self._folder / f"part-{self._groups // self._part_groups:05d}.parquet"
            self._file = pq.ParquetWriter(
                part, self._schema, compression="zstd", use_dictionary=["label"], write_page_checksum=True
            )
        self._file.write_batch(to_record_batch(batch, self._schema), row_group_size=self._group_rows)
        self._groups += 1
