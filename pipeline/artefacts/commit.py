"""Give what was made its names: the old artefact stands, whole, until the new one does.

All that a stage writes before it is done lies in `.<name>.making/` beside its output, under its final names in `new/`.
A commit writes down what it is about to do (`commit.json`), and from then on it is always carried through: by the stage
itself, or, if that was killed, by whoever writes or reads the artefact next.
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


def making(out: Path) -> Path:
    """The folder of all that is not done yet."""
    return out.with_name(f".{out.name}.making")


def pending(out: Path) -> bool:
    """Whether a commit was begun and not carried through."""
    return (making(out) / JOURNAL).exists()


def ours(place: Path) -> bool:
    """Whether a folder of unfinished work is one, or is not there, or is as good as empty."""
    if (place / OWNER).exists() or not _exists(place):
        return True
    begun = {f".{OWNER}.partial"}
    return place.is_dir() and not place.is_symlink() and {path.name for path in place.iterdir()} <= begun


def discard(place: Path) -> None:
    """Remove a folder of unfinished work; that it is one can be seen until all else is gone."""
    if not place.is_dir():
        return
    for path in place.iterdir():
        if path.name != OWNER:
            remove(path)
    remove(place / OWNER)
    place.rmdir()


def recover(out: Path) -> None:
    """Carry a commit through that was broken off.

    Raises:
        PipelineError: the commit cannot be carried through.
    """
    if not pending(out):
        return
    with locked(out, "recovery", lambda line: None):
        finish(out)


def commit(out: Path, files: Mapping[str, bool]) -> None:
    """Give what was made its names; called with the lock held.

    Args:
        out: the output.
        files: by name, in the order of the commit, the manifest last: whether a new one stands in `new/`, or the old
            one only goes.
    """
    new = making(out) / "new"
    inodes = {name: (new / name).lstat().st_ino if made else None for name, made in files.items()}
    journal = making(out) / JOURNAL
    write_json(journal, [[name, inode] for name, inode in inodes.items()])
    try:
        finish(out)
    except OSError:
        # Where not even the first name could be given, nothing has happened.
        first, inode = next(iter(inodes.items()))
        if inode is not None and _exists(new / first) and (new / first).lstat().st_ino == inode:
            journal.unlink()
        raise


def finish(out: Path) -> None:
    """Carry through the commit that the journal tells of, if there is one; called with the lock held.

    Raises:
        PipelineError: what was to be committed is gone.
    """
    place = making(out)
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
                _aside(final, old)
        elif not (_exists(final) and final.lstat().st_ino == inode):
            if not (_exists(new) and new.lstat().st_ino == inode):
                raise PipelineError(
                    f"was being replaced when its stage was killed, and {name} is gone since",
                    file=out,
                    remedy=f"remove {out} and {place}, and make it again",
                )
            _place(new, final, old)
    (place / JOURNAL).unlink()


def _place(new: Path, final: Path, old: Path) -> None:
    """Put the new one where the old one stands, in one step where the file system can."""
    if not _exists(final):
        new.rename(final)
    elif new.is_file() and final.is_file():
        new.replace(final)
    elif not _exchange(new, final):
        _aside(final, old)
        new.rename(final)


def _aside(final: Path, old: Path) -> None:
    number = 0
    while _exists(old / f"{number}"):
        number += 1
    final.rename(old / f"{number}")


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names at once (Linux renameat2); false where the kernel or the file system cannot."""
    try:
        rename: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(other))


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError):
            path.unlink()
