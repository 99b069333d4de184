"""What could not be read: how often it is tried, how much of it is allowed, and the account of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import InputFileError, PipelineError


@dataclass(frozen=True)
class Tolerance:
    """What is done about chunks that fail.

    Attributes:
        retries: how often one is tried again.
        strict: whether the first one that fails for good ends the run.
        allow_lost: the largest fraction of all entries that may be missing from a dataset.
    """

    retries: int = 2
    strict: bool = False
    allow_lost: float = 0.0


@dataclass(frozen=True)
class Loss:
    """Entries that could not be read.

    Attributes:
        file: where they are.
        start, stop: the entries `start` to `stop - 1`; None where the file does not even tell how many it has.
        reason: why.
    """

    file: str
    start: int | None
    stop: int | None
    reason: str

    @classmethod
    def of(cls, error: Exception, file: str, start: int | None = None, stop: int | None = None) -> Loss:
        """The loss that an error means."""
        text = str(error)
        if isinstance(error, PipelineError):
            text = error.problem + (f" ({error.remedy})" if error.remedy else "")
        lines = text.strip().splitlines()
        return cls(file, start, stop, lines[-1] if lines else type(error).__name__)

    @property
    def entries(self) -> int:
        """How many, as far as is known."""
        return 0 if self.start is None or self.stop is None else self.stop - self.start

    def __str__(self) -> str:
        entries = (
            "the whole file" if self.start is None or self.stop is None else f"entries {self.start}-{self.stop - 1}"
        )
        return f"{self.file}: {entries} lost: {self.reason}"


class Losses:
    """The account of what could not be read.

    Args:
        entries: in all files that tell how many they have.
        files: how many files these are.
        lost: files that do not tell.
    """

    def __init__(self, entries: int, files: int, lost: Iterable[Loss] = ()) -> None:
        self.all = list(lost)
        self._entries = entries
        self._mean = entries / files if files else 1.0

    @property
    def entries(self) -> int:
        """Lost entries of files that tell how many they have."""
        return sum(loss.entries for loss in self.all)

    @property
    def fraction(self) -> float:
        """Lost entries of all; a file that does not tell counts as an average one."""
        untold = self._mean * sum(loss.start is None for loss in self.all)
        return (self.entries + untold) / max(1.0, self._entries + untold)

    def check(self, allowed: float) -> None:
        """Check that no more is lost than is allowed.

        Raises:
            InputFileError: naming the first loss and what to do.
        """
        if not self.all or self.fraction <= allowed:
            return
        first, rest = self.all[0], len(self.all) - 1
        further = f", and {rest} more such losses: {self.fraction:.2%} of all entries" if rest else ""
        entries = "" if first.start is None else f"entries {first.start}-{(first.stop or 0) - 1} lost: "
        enough = math.ceil(self.fraction * 1000) / 1000
        without = f", or go on without it by --allow-lost {enough:g}" if self.fraction < 1 else ""
        raise InputFileError(
            f"{entries}{first.reason}{further}",
            file=first.file,
            remedy=f"mend it and run the same command, which keeps what is finished{without}",
        )

    def to_json(self) -> list[dict[str, Any]]:
        """The losses, in the order of the files."""
        return [asdict(loss) for loss in self.all]


def first_to_last(files: Iterable[Path]) -> str:
    """Some files in a few words: one by its name, more by the first and the last."""
    names = [str(file) for file in files]
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
