"""Finished chunks on disk, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
from pathlib import Path

from data_prep.store.packed_arrays import DamagedBytesError, facts_of
from data_prep.streams.entry_range import EntryRange
from data_prep.system.whole import whole_file

SUFFIX = ".chunk"


class FinishedChunks:
    """A folder of finished chunks, of one configuration and unchanged inputs.

    Args:
        folder: an existing folder; None keeps nothing.
        environment: chunks of other code or libraries are not taken.
    """

    def __init__(self, folder: Path | None, environment: str) -> None:
        self._folder = folder
        self._environment = environment

    def load(self, part: EntryRange) -> bytes | None:
        """The bytes of a chunk; None where it is not there, damaged, or made by other code."""
        if self._folder is None:
            return None
        path = self._folder / _name(part)
        try:
            data = path.read_bytes()
            if facts_of(data)["environment"] == self._environment:
                return data
        except FileNotFoundError:
            return None
        except DamagedBytesError:
            pass
        path.unlink()
        return None

    def save(self, part: EntryRange, data: bytes) -> None:
        """Keep a chunk, whole or not at all."""
        if self._folder is not None:
            path = self._folder / _name(part)
            if path.exists():
                return
            with whole_file(path) as partial:
                partial.write_bytes(data)

    def clear(self) -> None:
        """Throw all of them away."""
        if self._folder is not None:
            for path in (*self._folder.glob(f"*{SUFFIX}"), *self._folder.glob("*.partial")):
                path.unlink()


def _name(part: EntryRange) -> str:
    return hashlib.sha256(f"{part.file}\n{part.start}\n{part.stop}".encode()).hexdigest()[:32] + SUFFIX
