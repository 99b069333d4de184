"""The account of all jets: read = kept + each named reason for dropping one; and of what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.store.split import SPLITS
from data_prep.streams.losses import Losses


class Fate(IntEnum):
    """What became of a jet: kept, or the first reason that drops it, in the order of the checks."""

    KEPT = 0
    NO_CLASS = 1
    SEVERAL_CLASSES = 2
    NO_CONSTITUENTS = 3
    NOT_FINITE = 4
    OUTSIDE_PT = 5
    OUTSIDE_ETA = 6
    EMPTY_IMAGE = 7
    NEGATIVE_ENERGY = 8
    WEIGHT_NOT_FINITE = 9


REASONS = {
    Fate.NO_CLASS: "belongs to no class",
    Fate.SEVERAL_CLASSES: "belongs to several classes",
    Fate.NO_CONSTITUENTS: "no constituents",
    Fate.NOT_FINITE: "NaN or infinite momentum",
    Fate.OUTSIDE_PT: "jet pT outside the selection",
    Fate.OUTSIDE_ETA: "jet η outside the selection",
    Fate.EMPTY_IMAGE: "no constituent inside the window",
    Fate.NEGATIVE_ENERGY: "a constituent of negative energy",
    Fate.WEIGHT_NOT_FINITE: "NaN or infinite weight",
}
"""Why a jet is dropped, in words."""


class Cutflow:
    """Counts jets as they pass.

    Args:
        classes: names of the classes, in the order of the labels.
        reasons: why an entry may be dropped, in words, by code from 1 on.
    """

    def __init__(self, classes: tuple[str, ...], reasons: Mapping[Any, str] = REASONS) -> None:
        self.classes = classes
        self.reasons = reasons
        self.read = 0
        self.entries = 0
        self.losses = Losses(0, 0)
        self.fates = np.zeros(1 + len(reasons), np.int64)
        self.kept = np.zeros((len(classes), len(SPLITS)), np.int64)

    def add(self, fate: npt.NDArray[np.uint8], label: npt.NDArray[np.uint8], split: npt.NDArray[np.uint8]) -> None:
        """Count a chunk.

        Args:
            fate: uint8 [jets], `Fate` of every jet that was read.
            label: uint8 [kept], class of the kept ones.
            split: uint8 [kept], index into `SPLITS`.
        """
        self.read += fate.size
        self.fates += np.bincount(fate, minlength=self.fates.size)
        np.add.at(self.kept, (label, split), 1)

    def check_entries(self, expected: int) -> None:
        """Check that every entry was read or is accounted for as lost.

        Args:
            expected: entries in the files, as far as they tell.

        Raises:
            RuntimeError: the account does not balance (a defect of this program).
        """
        if self.entries + self.losses.entries != expected:
            raise RuntimeError(f"{expected} entries, {self.entries} read and {self.losses.entries} lost")

    def check(self, expected: int, inputs: str, fractions: dict[str, float]) -> None:
        """Check that no jet is lost and that no class is empty.

        Args:
            expected: the number of jets the headers of the input files promise.
            inputs: the inputs, for the message.
            fractions: the fraction of events of each split.

        Raises:
            InputFileError: a class without jets, in all or in a split that should have some.
            RuntimeError: the account does not balance (a defect of this program).
        """
        kept = int(self.kept.sum())
        if not (self.read == expected == int(self.fates.sum()) and kept == int(self.fates[Fate.KEPT])):
            raise RuntimeError(f"{expected} jets in the files, {self.read} read, {self.fates} by fate, {kept} written")
        for row, name in zip(self.kept, self.classes, strict=True):
            if not row.sum():
                raise InputFileError(
                    f"no jet of the class '{name}' was kept of {self.read} read{self._largest_loss()}",
                    file=inputs,
                    remedy="add files with such jets, or change classes and selection in images.yaml",
                )
            for split, count in zip(SPLITS, row, strict=True):
                if fractions[split] and not count:
                    raise InputFileError(
                        f"no jet of the class '{name}' falls into the {split} split ({row.sum()} kept)",
                        file=inputs,
                        remedy="give more jets or another split in images.yaml",
                    )

    def to_json(self) -> dict[str, Any]:
        """The content of `cutflow.json`."""
        return {
            "read": self.read,
            "kept": int(self.kept.sum()),
            "dropped": int(self.fates[1:].sum()),
            "kept_by_class": {
                name: dict(zip(SPLITS, row.tolist(), strict=True))
                for name, row in zip(self.classes, self.kept, strict=True)
            },
            "entries": {"read": self.entries, "lost": self.losses.entries},
            "lost": self.losses.to_json(),
            "dropped_by_reason": {reason: int(self.fates[fate]) for fate, reason in self.reasons.items()},
        }

    def _largest_loss(self) -> str:
        fate = Fate(int(self.fates[1:].argmax()) + 1)
        return f"; most were dropped as: {REASONS[fate]}" if self.fates[fate] else ""
