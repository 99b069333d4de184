"""Where jets stand in the input files: file, entry, index in the entry, by which anything can be joined to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class JetPlaces:
    """Places of jets, one a row.

    Attributes:
        file: uint32 [n], the number of the input file.
        entry: int64 [n], the entry in it.
        jet: uint16 [n], the index among the jets of the entry; 0 where each entry is a jet.
    """

    file: npt.NDArray[np.uint32]
    entry: npt.NDArray[np.int64]
    jet: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return self.entry.size

    def take(self, rows: npt.NDArray[np.int64] | slice) -> JetPlaces:
        """The places of the given jets, in their order."""
        return JetPlaces(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[JetPlaces]) -> JetPlaces:
        """The places of all parts, in their order; at least one."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @classmethod
    def of_file(cls, number: int, entry: npt.NDArray[np.int64], jet: npt.NDArray[np.integer[Any]]) -> JetPlaces:
        """Places of jets of one file."""
        return cls(np.full(entry.size, number, np.uint32), entry, jet.astype(np.uint16))
