"""The observables of jets as columns of a dataset: of all constituents, and of those that the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

OBSERVABLES = (
    "multiplicity",
    "pt",
    "mass",
    "sdmass",
    "tau1",
    "tau2",
    "tau3",
    "tau4",
    "girth",
    "width",
    "lha",
    "ptd",
    "e2",
    "e3",
)
"""The observables of a set of constituents; units are GeV and rad."""

SETS = ("all", "seen")
"""The sets of constituents: all of the jet, and those that the network sees."""

COLUMNS = tuple(f"{of}_{name}" for of in SETS for name in OBSERVABLES)
"""The columns of a dataset, in their order."""


@dataclass(frozen=True)
class Observables:
    """The observables of jets, one jet a row.

    Attributes:
        all: float32 [jets, observables], of all constituents, in the order of `OBSERVABLES`.
        seen: the same of the constituents that the network sees.
    """

    all: Float32
    seen: Float32

    def __post_init__(self) -> None:
        for field in fields(self):
            array = getattr(self, field.name)
            shape = len(self.all), len(OBSERVABLES)
            if array.dtype != np.float32 or array.shape != shape:
                raise ValueError(f"'{field.name}' must be float32 {list(shape)}, not {array.dtype} {list(array.shape)}")

    def __len__(self) -> int:
        return len(self.all)

    @property
    def columns(self) -> dict[str, Float32]:
        """By name, `COLUMNS`: float32 [jets]."""
        return dict(zip(COLUMNS, np.concatenate([self.all, self.seen], axis=1).T.copy(), strict=True))

    @classmethod
    def of_columns(cls, columns: Sequence[Float32]) -> Observables:
        """The observables whose columns these are, in the order of `COLUMNS`."""
        middle = len(OBSERVABLES)
        return cls(np.stack(columns[:middle], axis=1), np.stack(columns[middle:], axis=1))

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Observables:
        """The observables of the jets of these rows, in their order."""
        return Observables(self.all[rows], self.seen[rows])

    def slice(self, start: int, stop: int) -> Observables:
        """The observables of the jets start to stop - 1, without copying."""
        return self.take(slice(start, stop))

    @classmethod
    def joined(cls, batches: Sequence[Observables]) -> Observables:
        """The observables of all batches, in their order; at least one batch."""
        return cls(*(np.concatenate([getattr(batch, field.name) for batch in batches]) for field in fields(cls)))

    @classmethod
    def none(cls) -> Observables:
        """The observables of no jet."""
        empty = np.zeros((0, len(OBSERVABLES)), np.float32)
        return cls(empty, empty)
