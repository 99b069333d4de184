"""Reading rows of any kind from the Parquet files of three splits: what they are, in batches, and whole."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from data_prep.errors import InputFileError
from data_prep.settings import Settings
from data_prep.store.split import SPLITS
from data_prep.store.splits_writer import Batch

D = TypeVar("D", bound=Settings)
B = TypeVar("B", bound=Batch)
S = TypeVar("S")


@dataclass(frozen=True)
class DatasetKind(Generic[D]):
    """A kind of dataset.

    Attributes:
        key: where its description stands in the metadata of the schema.
        content: what it holds, in words.
        row: one of them.
        remedy: how to make one.
        description: says what the content is.
        schema: the Parquet schema of a dataset of this description.
    """

    key: bytes
    content: str
    row: str
    remedy: str
    description: type[D]
    schema: Callable[[D], pa.Schema]

    def error(self, reason: str, file: Path) -> InputFileError:
        """What is wrong with a file or folder."""
        return InputFileError(reason, file=file, remedy=self.remedy)

    def open(self, folder: Path) -> tuple[D, dict[str, tuple[Path, ...]]]:
        """The description of a dataset and the files of its splits, in order; nothing else is read yet.

        Raises:
            InputFileError: no such folder, no dataset of this kind in it, or one of another format version.
        """
        files = {split: tuple(sorted((folder / split).glob("part-*.parquet"))) for split in SPLITS}
        missing = [split for split in SPLITS if not files[split]]
        if missing:
            reason = (
                f"is not a dataset of {self.content}"
                if len(missing) == len(SPLITS)
                else f"holds no '{missing[0]}' split"
            )
            raise self.error(reason if folder.exists() else "no such folder", folder)
        descriptions = {self._describe(file) for parts in files.values() for file in parts}
        if len(descriptions) > 1:
            raise self.error("contains files of different datasets", folder)
        return descriptions.pop(), files

    def metadata(self, file: Path) -> pq.FileMetaData:
        """The metadata of one file.

        Raises:
            InputFileError: it cannot be read.
        """
        try:
            return pq.read_metadata(file)
        except (pa.ArrowException, OSError) as error:
            raise self.error(f"cannot be read: {error}", file) from None

    def _describe(self, file: Path) -> D:
        """The description in the schema metadata of one file, and that the schema is the one it promises."""
        stored = self.metadata(file).schema.to_arrow_schema()
        try:
            description = self.description.model_validate_json((stored.metadata or {})[self.key])
        except KeyError:
            raise self.error(f"is a Parquet file, but not of {self.content}", file) from None
        except ValidationError as error:
            if self._is_older(stored.metadata[self.key]):
                reason = f"holds {self.content} made by an older version"
                raise InputFileError(reason, file=file, remedy="run `images` again") from None
            reason = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise self.error(f"holds {self.content} this version cannot read: {reason}", file) from None
        if not stored.equals(self.schema(description)):
            raise self.error(f"its columns are not those of a dataset of {self.content}", file)
        return description

    def _is_older(self, stored: bytes) -> bool:
        """Whether a description is of an older format."""
        try:
            version = json.loads(stored)["format"]
        except (ValueError, TypeError, KeyError):
            return False
        return type(version) is int and version < self.description.model_fields["format"].default


@dataclass(frozen=True)
class StoredSplit(ABC, Generic[D, B]):
    """One of train, validation, test.

    Attributes:
        name: the split's name.
        files: its Parquet files, in order.
        description: what the rows are.
    """

    dataset_kind: ClassVar[DatasetKind]  # type: ignore[type-arg]
    name: str
    files: tuple[Path, ...]
    description: D

    @cached_property
    def rows(self) -> int:
        """How many there are."""
        return sum(self.dataset_kind.metadata(file).num_rows for file in self.files)

    @cached_property
    @abstractmethod
    def whole(self) -> B:
        """The whole split in its sparse form, kept in memory."""

    @abstractmethod
    def read(self, size: int) -> Iterator[B]:
        """The rows in their order, at most `size` at a time.

        Raises:
            InputFileError: a file that cannot be read.
        """

    def batches(self, size: int, shuffle_seed: int | None = None) -> Iterator[B]:
        """The rows in batches of `size`; the last one may be smaller.

        Args:
            size: rows a batch.
            shuffle_seed: None streams the files in their order; a number gives one reproducible permutation of the
                whole split, for which its sparse form is held in memory. Take another number in each epoch.

        Raises:
            InputFileError: a file that cannot be read.
            ValueError: a size below 1.
        """
        self.require_size(size)
        if shuffle_seed is None:
            return recut(self.read(size), size, self.join)
        order = self.order(shuffle_seed)
        return (self.whole.take(order[start : start + size]) for start in range(0, self.rows, size))

    def order(self, shuffle_seed: int) -> npt.NDArray[np.int64]:
        """The rows in the order in which `batches` gives them with this seed."""
        return np.random.default_rng(shuffle_seed).permutation(self.rows)

    @staticmethod
    @abstractmethod
    def join(batches: Sequence[B]) -> B:
        """Batches to one, in their order."""

    def require_size(self, size: int) -> None:
        """Refuse a batch of no rows.

        Raises:
            ValueError: a size below 1.
        """
        if size < 1:
            raise ValueError(f"a batch holds at least one {self.dataset_kind.row}, not {size}")

    def records(self, size: int, columns: list[str] | None = None) -> Iterator[tuple[Path, pa.RecordBatch]]:
        """What the files hold, at most `size` rows at a time; the given columns, or all.

        Raises:
            InputFileError: a file that cannot be read.
        """
        for file in self.files:
            try:
                with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
                    for record in parquet.iter_batches(batch_size=size, columns=columns):
                        yield file, record
            except (pa.ArrowException, OSError, KeyError) as error:
                raise self.dataset_kind.error(f"cannot be read: {error}", file) from None


@dataclass(frozen=True)
class StoredDataset(Generic[D, S]):
    """A dataset on disk.

    Attributes:
        folder: where it lies.
        metadata: what the rows are.
        splits: train, validation, test.
    """

    folder: Path
    metadata: D
    splits: dict[str, S]

    def split(self, name: str) -> S:
        """One of `train`, `validation`, `test`.

        Raises:
            KeyError: any other name.
        """
        return self.splits[name]


def recut(pieces: Iterator[B], size: int, join: Callable[[Sequence[B]], B]) -> Iterator[B]:
    """Cut what the files give into batches of exactly `size`; the last one may be smaller."""
    uncut: list[B] = []
    for piece in pieces:
        uncut.append(piece)
        if sum(len(batch) for batch in uncut) >= size:
            whole = join(uncut)
            yield whole.slice(0, size)
            uncut = [whole.slice(size, len(whole))] if len(whole) > size else []
    if uncut:
        yield join(uncut)
