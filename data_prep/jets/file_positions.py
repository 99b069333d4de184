"""The positions of jets in the input files (file, entry, index in the entry), by which other data can be joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class FilePositions:
    """Positions of jets, one a row.

    Attributes:
        file: uint32 [n], the number of the input file.
        entry: int64 [n], the entry in it.
        jet: uint16 [n], the index among the jets of the entry; 0 where an entry is a jet.
    """

    file: npt.NDArray[np.uint32]
    entry: npt.NDArray[np.int64]
    jet: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return self.entry.size

    def take(self, rows: npt.NDArray[np.int64] | slice) -> FilePositions:
        """The positions of the jets of these rows, in their order."""
        return FilePositions(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, batches: Sequence[FilePositions]) -> FilePositions:
        """The positions of all batches, in their order; at least one batch."""
        return cls(*(np.concatenate([getattr(batch, field.name) for batch in batches]) for field in fields(cls)))

    @classmethod
    def of_file(cls, number: int, entry: npt.NDArray[np.int64], jet: npt.NDArray[np.integer[Any]]) -> FilePositions:
        """Positions of jets of one file."""
        return cls(np.full(entry.size, number, np.uint32), entry, jet.astype(np.uint16))
