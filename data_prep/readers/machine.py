"""What the machine lacks, told by the exception that a library ends with; the file that was read is not at fault."""

from __future__ import annotations

import errno
from pathlib import Path

from data_prep.errors import MachineError

_LACKING = {
    errno.ENOMEM: ("there is not enough memory", "lower chunk_jets in images.yaml, or give the process more memory"),
    errno.EMFILE: ("this process may open no more files", "raise the limit: `ulimit -n`"),
    errno.ENFILE: ("this machine can open no more files", "end other processes"),
    errno.ENOSPC: ("the disk is full", "make room on it"),
    errno.EDQUOT: ("the quota on this disk is used up", "make room on it"),
}
"""What the machine lacks, and what to do about it, by the number of the error."""
_THREADS = ("can't start new thread", "can't start new process")
"""How Python says that no thread can be started."""


def machine_fault(error: BaseException, file: Path) -> MachineError | None:
    """The error for what the machine lacks, None where it lacks nothing.

    Args:
        error: what a library raised.
        file: what was read meanwhile.
    """
    number = errno.ENOMEM if isinstance(error, MemoryError) else error.errno if isinstance(error, OSError) else None
    if number in _LACKING:
        what, remedy = _LACKING[number]
        return MachineError(what, file=file, remedy=remedy)
    if any(part in str(error) for part in _THREADS):
        return MachineError(
            "this machine lets the process start no more threads",
            file=file,
            remedy="raise the limit (`ulimit -u`), end other processes, or take fewer by --workers",
        )
    return None
