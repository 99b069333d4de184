"""Renaming of a result to its final names: the old artefact stays whole until the new one replaces it.

A stage writes to `.<name>.making/` beside its output, under the final names in `new/`. A commit first writes a journal
of its steps (`commit.json`), and from then on it is always completed: by the stage itself or, if that was killed, by
the next process that writes or reads the artefact.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from data_prep.errors import PipelineError
from pipeline.artefacts.json_file import write_json
from pipeline.artefacts.lock import locked

JOURNAL = "commit.json"
OWNER = "owner.json"


def work_folder(out: Path) -> Path:
    """The folder of unfinished work of an output."""
    return out.with_name(f".{out.name}.making")


def pending(out: Path) -> bool:
    """Whether a commit was begun and not completed."""
    return (work_folder(out) / JOURNAL).exists()


def is_work_folder(place: Path) -> bool:
    """Whether a path is a folder of unfinished work, does not exist, or is empty but for a partial owner file."""
    if (place / OWNER).exists() or not _exists(place):
        return True
    partial = {f".{OWNER}.partial"}
    return place.is_dir() and not place.is_symlink() and {path.name for path in place.iterdir()} <= partial


def discard(place: Path) -> None:
    """Remove a folder of unfinished work; its owner file, which identifies it, is removed last."""
    if not place.is_dir():
        return
    for path in place.iterdir():
        if path.name != OWNER:
            remove(path)
    remove(place / OWNER)
    place.rmdir()


def recover(out: Path) -> None:
    """Complete a commit that was interrupted.

    Raises:
        PipelineError: the commit cannot be completed.
    """
    if not pending(out):
        return
    with locked(out, "recovery", lambda line: None):
        finish(out)


def commit(out: Path, files: Mapping[str, bool]) -> None:
    """Rename a result to its final names; called with the lock held.

    Args:
        out: the output.
        files: by name, in the order of the commit, the manifest last: whether there is a new one in `new/`, or the old
            one is only removed.
    """
    new = work_folder(out) / "new"
    inodes = {name: (new / name).lstat().st_ino if exists else None for name, exists in files.items()}
    journal = work_folder(out) / JOURNAL
    write_json(journal, [[name, inode] for name, inode in inodes.items()])
    try:
        finish(out)
    except OSError:
        # If the first renaming failed, nothing has happened.
        first_name, inode = next(iter(inodes.items()))
        if inode is not None and _exists(new / first_name) and (new / first_name).lstat().st_ino == inode:
            journal.unlink()
        raise


def finish(out: Path) -> None:
    """Complete the commit of the journal, if there is one; called with the lock held.

    Raises:
        PipelineError: a file of the commit is missing.
    """
    place = work_folder(out)
    try:
        steps = json.loads((place / JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    old = place / "old"
    old.mkdir(exist_ok=True)
    for name, inode in steps:
        final, new = out.with_name(name), place / "new" / name
        if inode is None:
            if _exists(final):
                _set_aside(final, old)
        elif not (_exists(final) and final.lstat().st_ino == inode):
            if not (_exists(new) and new.lstat().st_ino == inode):
                raise PipelineError(
                    f"was being replaced when its stage was killed, and the new {name} is missing",
                    file=out,
                    remedy=f"remove {out} and {place}, and make it again",
                )
            _move_into_place(new, final, old)
    (place / JOURNAL).unlink()


def _move_into_place(new: Path, final: Path, old: Path) -> None:
    """Replace the old file or folder by the new one, in one step if the file system can."""
    if not _exists(final):
        new.rename(final)
    elif new.is_file() and final.is_file():
        new.replace(final)
    elif not _exchange(new, final):
        _set_aside(final, old)
        new.rename(final)


def _set_aside(final: Path, old: Path) -> None:
    number = 0
    while _exists(old / f"{number}"):
        number += 1
    final.rename(old / f"{number}")


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)


def _exchange(path: Path, other_path: Path) -> bool:
    """Exchange two names atomically (Linux renameat2); false where the kernel or the file system cannot."""
    try:
        rename: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if rename(_AT_FDCWD, os.fsencode(path), _AT_FDCWD, os.fsencode(other_path), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNKNOWN:
        return False
    raise OSError(code, os.strerror(code), str(other_path))


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError):
            path.unlink()
