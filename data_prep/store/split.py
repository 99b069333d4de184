"""Train, validation and test by a hash of the event: no shuffle, no leak between the splits.

An event's split depends on its identifier only, so that all its jets, and the same event in another file, are in the
same split, and a larger sample only adds to each split.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.settings import Settings

SPLITS = ("train", "validation", "test")


class SplitSettings(Settings):
    """The fractions of events; they must sum to 1."""

    train: float = Field(ge=0, le=1)
    """Fraction of events that networks are trained on."""
    validation: float = Field(ge=0, le=1)
    """Fraction that decides when training stops."""
    test: float = Field(ge=0, le=1)
    """Fraction for metrics and proofs; no choice depends on it."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"train, validation and test must sum to 1, they sum to {total:g}")
        return self

    def fraction(self, split: str) -> float:
        """The fraction of one of `SPLITS`."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[split]


def splitmix64(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The SplitMix64 hash of 64-bit integers: one step of the generator from the given state.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; the constants are
    those of `SplittableRandom` of Java 8.

    >>> [hex(x) for x in splitmix64(np.array([0, 1], dtype=np.uint64))]
    ['0xe220a8397b1dcdaf', '0x910a2dec89025cc1']
    """
    with np.errstate(over="ignore"):
        x = values + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def split_of(event: npt.NDArray[np.uint64], settings: SplitSettings) -> npt.NDArray[np.uint8]:
    """The index into `SPLITS` of each event: its hash, read as a fraction of 2^64, against the cumulated fractions."""
    position = (splitmix64(event) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    borders = (settings.train, settings.train + settings.validation)
    index = np.searchsorted(borders, position, side="right").astype(np.uint8)
    last_split = max(number for number, split in enumerate(SPLITS) if settings.fraction(split) > 0)
    # rounding of the cumulated fractions must not open a split whose fraction is 0
    return np.minimum(index, np.uint8(last_split))
