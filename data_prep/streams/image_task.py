"""The unit of work: the images of a range of entries of a file, a function of nothing but its own fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.errors import InputFileError
from data_prep.images.jets import ImagesSettings, images_of
from data_prep.jets.file_positions import FilePositions
from data_prep.readers import Reader, root
from data_prep.readers.closure import check_closure
from data_prep.readers.faults import DAMAGED
from data_prep.streams.chunk_bytes import ChunkResult, to_bytes
from data_prep.streams.executors.environment import require


@dataclass(frozen=True)
class EntryRange:
    """The entries `start` to `stop - 1` of a file."""

    file: Path
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def ranges(files: Mapping[Path, int], size: int) -> Iterator[EntryRange]:
    """All entries of all files, in their order, at most `size` at a time."""
    for file, entries in files.items():
        for start in range(0, entries, size):
            yield EntryRange(file.absolute(), start, min(start + size, entries))


@dataclass(frozen=True)
class ImageTask:
    """Makes the images of one chunk; a `data_prep.streams.executors.Task`.

    Attributes:
        reader: of the file's layout.
        settings: the configuration.
        part: what is read.
        environment: the code and libraries of the process that asks.
    """

    reader: Reader
    settings: ImagesSettings
    part: EntryRange
    environment: str

    def __call__(self) -> bytes:
        """The chunk, as `chunk_bytes.to_bytes` writes it.

        Raises:
            InputFileError: the file cannot be read.
            ClusterError: other code or libraries here than there, so that the images could be others.
        """
        require(self.environment)
        file, start, stop = self.part.file, self.part.start, self.part.stop
        with root.opened_anew():
            chunk = self.reader.read(file, start, stop)
        if chunk.entries_read != len(self.part):
            raise InputFileError(
                f"gave {chunk.entries_read} of the {len(self.part)} entries from {start}", file=file, remedy=DAMAGED
            )
        result = ChunkResult(
            images=images_of(
                chunk,
                self.settings,
                places=FilePositions.of_file(0, *chunk.positions(start)),
                observables=self.settings.observables,
            ),
            labelled=np.bincount(chunk.label, minlength=256).astype(np.int64),
            entries=chunk.entries_read,
            problems=check_closure(chunk).problems if start == 0 else (),
            environment=self.environment,
        )
        return to_bytes(result)
