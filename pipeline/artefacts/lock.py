"""One writer of an output: a lock that the kernel releases when its process ends.

The lock is on `.<name>.lock` beside the output, which contains its holder. It is a lock of the process (POSIX), so that
child processes that outlive it do not hold it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data_prep.errors import PipelineError
from pipeline import interruption

PERIOD = 0.1
"""Seconds between two tries for a lock that another process holds."""

_OURS = re.compile(rb"`[a-z-]+` of process \d+")

_held_locks: set[Path] = set()
"""The locks of this process, to which the kernel would give the same lock twice."""


def lock_path(out: Path) -> Path:
    """The lock of an output."""
    return out.with_name(f".{out.name}.lock")


@contextmanager
def locked(out: Path, stage: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of an output; waits for another process that has it.

    Args:
        out: the output; its folder exists.
        stage: the name of the stage, shown to processes that wait.
        waiting: called once with a message that names the holder.

    Raises:
        PipelineError: this process makes the output already, or the file system has no locks.
    """
    path = lock_path(out)
    if path in _held_locks:
        raise PipelineError("is already being made by this process", file=out)
    announced = False
    while (descriptor := _try(path, stage)) is None:
        if not announced:
            waiting(f"{out}: waiting for {_holder(path)}, which is making it")
            announced = True
        interruption.check()
        time.sleep(PERIOD)
    _held_locks.add(path)
    try:
        yield
    finally:
        _held_locks.discard(path)
        # Removed while it is held: a waiting process notices that and tries again.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _try(path: Path, stage: str) -> int | None:
    """The descriptor of the lock; None if another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The previous holder may have removed it in between.
        if os.fstat(descriptor).st_ino != path.stat().st_ino:
            raise BlockingIOError
        if (before := os.pread(descriptor, 200, 0)) and not _OURS.fullmatch(before):
            os.close(descriptor)
            raise PipelineError("is the name of the lock file, but is another file", file=path, remedy="move it away")
        # The name of the holder is only for messages; on a full disk it is not written.
        with suppress(OSError):
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, f"`{stage}` of process {os.getpid()}".encode(), 0)
    except (BlockingIOError, PermissionError, FileNotFoundError):
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise PipelineError(
                "cannot be locked: this file system has no locks",
                file=path.parent,
                remedy="give an --out on another file system, or mount it with locks",
            ) from None
        raise
    return descriptor


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:200] or "another process"
    except OSError:
        return "another process"
