"""SHA-256 of files and folders, and a database of hashes on this machine.

A hash from the database is only used to decide that an artefact is up to date. All results are made from files that
were read and hashed for them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.readers.remote import RemoteFile

State = tuple[int, int, int, int, int]
"""The state of a file, which changes when it is written or replaced: device, inode, size, mtime and ctime (ns)."""

YOUNG = 2_000_000_000
"""A file that changed less than this time ago (ns) may change again without new times."""


def sha256(path: Path) -> str:
    """The SHA-256 of one file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[str]:
    """The names of all files below a folder, relative and sorted; a link counts as a file, also one to a folder."""
    return sorted(_walk(folder, ""))


def _walk(folder: Path, above: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{above}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(folder / entry.name, f"{name}/")
            else:
                yield name


def file_hashes(path: Path) -> dict[str, str]:
    """SHA-256 of a file, or of every file in a folder by relative name."""
    if path.is_dir():
        return {name: sha256(path / name) for name in files_in(path)}
    return {path.name: sha256(path)}


def content_hash(path: Path) -> str:
    """One SHA-256 for a file or a whole folder (names and contents); for a remote file that of its server's facts."""
    if isinstance(path, RemoteFile):
        return path.content_hash
    return listing_hash(file_hashes(path))


def listing_hash(files: Mapping[str, str]) -> str:
    """The content hash of files from their hashes by name."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def state_of(path: Path) -> State:
    """The state of a file, or of the target of a link."""
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


class Hasher:
    """Hashes files, stores the hashes on this machine, and tells later whether a file was changed meanwhile.

    The database may be removed at any time; if it cannot be read or written, files are hashed each time.

    Args:
        remember: whether to accept an earlier hash of a file in the same state.
    """

    def __init__(self, *, remember: bool) -> None:
        self._remember = remember
        self._known: dict[Path, tuple[State, str]] = {}
        self._new: dict[State, str] = {}
        self._earlier: dict[State, str] = _load() if remember else {}

    def sha256(self, path: Path) -> str:
        """The SHA-256 of one file.

        Raises:
            InputFileError: the path is no regular file: a pipe, a device.
        """
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputFileError("is no regular file", file=path, remedy="give a file that can be read more than once")
        state = state_of(path)
        digest = self._earlier.get(state)
        if digest is None:
            digest = sha256(path)
            self._new[state] = digest
        self._known[path] = state, digest
        return digest

    def changed(self) -> Path | None:
        """The first file that was changed since it was hashed; None if there is none."""
        for path, (state, digest) in self._known.items():
            try:
                if state_of(path) != state and sha256(path) != digest:
                    return path
            except OSError:
                return path
        return None

    def save(self) -> None:
        """Store the hashes, except those of files so recent that a change might not show in their state."""
        latest = time.time_ns() - YOUNG
        _save({state: digest for state, digest in self._new.items() if max(state[3:]) < latest})


_LARGEST = 200_000
"""Hashes that are kept; the oldest are removed first."""


def _database() -> Path:
    # Imported here, so that hashing a file does not need its package.
    from hls_projects.cache import cache_folder

    return cache_folder("hashes") / "sha256.sqlite"


def _load() -> dict[State, str]:
    try:
        with closing(sqlite3.connect(f"{_database().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            rows = connection.execute("SELECT device, inode, size, mtime, ctime, sha256 FROM hashes")
            return {row[:5]: row[5] for row in rows}
    except (OSError, sqlite3.Error):
        return {}


def _save(digests: Mapping[State, str]) -> None:
    if not digests:
        return
    try:
        _database().parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(_database(), timeout=5)) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS hashes (device, inode, size, mtime, ctime, sha256, "
                "PRIMARY KEY (device, inode, size, mtime, ctime))"
            )
            connection.executemany(
                "INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?)",
                [(*(_signed(number) for number in state), digest) for state, digest in digests.items()],
            )
            connection.execute("DELETE FROM hashes WHERE rowid <= (SELECT max(rowid) FROM hashes) - ?", (_LARGEST,))
    except (OSError, sqlite3.Error, OverflowError):
        return


def _signed(number: int) -> int:
    """SQLite's integers have 63 bits; a larger inode is not stored."""
    if number >= 1 << 63:
        raise OverflowError
    return number
