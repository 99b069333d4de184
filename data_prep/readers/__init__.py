"""One reader an input layout; all yield the same typed chunk, `data_prep.constituents.JetChunk`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from data_prep.constituents import JetChunk


class Reader(Protocol):
    """What a reader of one layout offers."""

    def count(self, file: Path) -> int:
        """Check that a file has what is needed, without reading jets; the number of jets in it.

        Raises:
            InputFileError: the file cannot be read, or a branch is missing or has the wrong type.
        """
        ...

    def chunks(self, file: Path, size: int) -> Iterator[JetChunk]:
        """The jets of a file in their order, at most `size` at a time.

        Raises:
            InputFileError: as `count`, or the file is damaged.
        """
        ...
