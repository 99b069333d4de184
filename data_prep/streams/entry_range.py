"""The entries of files in parts: what is read at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


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
