"""From input files to a dataset of images, in a stream: memory does not grow with the number of jets or events.

Chunks are made wherever the executor likes and in any order. Here they come in the order of the entries, so that files,
sums and the account depend neither on who made them nor on their size. What differs from one kind of image to another
stands in one file each, as `jet_images.py` and `event_images.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.store.split import SplitSettings, split_of
from data_prep.store.splits_writer import SplitsWriter
from data_prep.streams.chunk_bytes import ChunkImages, to_bytes
from data_prep.streams.chunks import ChunkStream
from data_prep.streams.cutflow import Cutflow
from data_prep.streams.entry_range import EntryRange
from data_prep.streams.executors import Executor
from data_prep.streams.executors.environment import environment, require
from data_prep.streams.executors.serial import Serial
from data_prep.streams.finished_chunks import FinishedChunks
from data_prep.streams.losses import Loss, Losses, Tolerance, first_to_last

Warn = Callable[[str], None]
C = TypeVar("C", bound=ChunkImages[Any])
S = TypeVar("S")


class ImageKind(ABC, Generic[C, S]):
    """A kind of image; can be pickled, since chunks are made elsewhere."""

    @property
    @abstractmethod
    def chunk_entries(self) -> int:
        """Entries of a chunk."""

    @abstractmethod
    def make(self, part: EntryRange) -> C:
        """Read some entries and make their images: a function of nothing but these entries.

        Raises:
            InputFileError: the file cannot be read.
        """

    @abstractmethod
    def from_bytes(self, data: bytes) -> C:
        """A chunk of which these are the bytes, see `chunk_bytes`."""

    @abstractmethod
    def collector(self, files: Mapping[Path, int], folder: Path, warn: Warn) -> Collector[C, S]:
        """What takes the chunks.

        Args:
            files: the input files with their entries.
            folder: an existing folder that gets the dataset.
            warn: called with what is odd about a file.

        Raises:
            InputFileError: the files cannot give such images.
        """


class Collector(ABC, Generic[C, S]):
    """Takes the chunks in the order of their entries: writes the images, counts, adds up.

    Args:
        files: the input files with their entries.
        cutflow: the account.
        writer: of the dataset.
        split: fractions of its parts.
        warn: called with what is odd.
    """

    def __init__(
        self,
        files: Mapping[Path, int],
        cutflow: Cutflow,
        writer: SplitsWriter[Any],
        split: SplitSettings,
        warn: Warn,
    ) -> None:
        self.files, self.cutflow, self.writer, self.split, self.warn = files, cutflow, writer, split, warn

    @property
    def inputs(self) -> str:
        """The input files in a few words."""
        return first_to_last(self.files)

    @abstractmethod
    def take(self, part: EntryRange, images: C) -> None:
        """Add a chunk to dataset, sums and account."""

    def write(
        self, batch: Any, fate: npt.NDArray[np.uint8], label: npt.NDArray[np.uint8], together: npt.NDArray[np.uint64]
    ) -> None:
        """Write rows and count them.

        Args:
            batch: what is kept.
            fate: uint8 [read], what became of each jet or event.
            label: uint8 [kept], its class.
            together: uint64 [kept], identifiers; rows with the same one come into the same part of the dataset.
        """
        split = split_of(together, self.split)
        self.writer.distribute(batch, split)
        self.cutflow.add(fate, label, split)

    @abstractmethod
    def finish(self) -> S:
        """Check the account of all chunks, and give the sums.

        Raises:
            InputFileError: a class or a part of the dataset without images.
        """


@dataclass(frozen=True)
class ImageTask:
    """Makes the images of one chunk; a `data_prep.streams.executors.Task`.

    Attributes:
        kind: of image.
        part: what is read.
        environment: the code and libraries of the process that asks.
    """

    kind: ImageKind[Any, Any]
    part: EntryRange
    environment: str

    def __call__(self) -> bytes:
        """The chunk, as `chunk_bytes.to_bytes` writes it.

        Raises:
            InputFileError: the file cannot be read.
            ClusterError: other code or libraries here than there, so that the images could be others.
        """
        require(self.environment)
        return to_bytes(self.kind.make(self.part), self.environment)


def make_images(
    files: Mapping[Path, int],
    kind: ImageKind[C, S],
    folder: Path,
    advance: Callable[[int], None],
    warn: Warn = lambda _: None,
    *,
    executor: Executor | None = None,
    work: Path | None = None,
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - frozen
    lost: Sequence[Loss] = (),
) -> tuple[Cutflow, S]:
    """Write the images of all files as a dataset.

    Args:
        files: the input files, in the order in which their jets or events are written, with their entries.
        kind: of image.
        folder: an existing folder that gets `train`, `validation` and `test`.
        advance: called with the number of entries after each chunk.
        warn: called with what is odd about a file, and what is lost.
        executor: makes the chunks; this process where there is none.
        work: an existing folder for finished chunks, of these files and this configuration; what it holds of an
            earlier run is used.
        tolerance: what is done about chunks that fail.
        lost: files that could not be counted.

    Returns:
        the checked account of all jets or events, and their sums.

    Raises:
        InputFileError: more is lost than the tolerance allows, or the files do not give such images.
        Exception: if strict, whatever ended the first chunk that failed.
        ClusterError: the executor fails.
    """
    finished = FinishedChunks(work, environment())
    collector = kind.collector(files, folder, warn)
    cutflow = collector.cutflow
    cutflow.losses = Losses(sum(files.values()), len(files), lost)
    stream = ChunkStream(
        files,
        kind.chunk_entries,
        lambda part: ImageTask(kind, part, environment()),
        finished,
        cutflow.losses,
        tolerance,
        warn,
    )
    with collector.writer:
        for part, data in stream.chunks(executor or Serial()):
            if data is not None:
                collector.take(part, kind.from_bytes(data))
                cutflow.entries += len(part)
            advance(len(part))
    try:
        cutflow.losses.check(tolerance.allow_lost)
        cutflow.check_entries(sum(files.values()))
        return cutflow, collector.finish()
    except InputFileError:
        if not cutflow.losses.all:
            finished.clear()  # the same files and configuration will fail again
        raise
