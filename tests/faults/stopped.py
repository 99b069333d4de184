"""A process that is stopped at its n-th change of a file: killed, asked to end, or told that the disk is full."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "ctypes.dlsym"}
"""Audit events of Python that come just before a change of the file system; the last is that of renameat2."""
HOWS = ("SIGKILL", "SIGTERM", "disk full")


def stopped_at(number: int, how: str, body: Callable[[], object], folder: Path) -> int | None:
    """Run `body` in a child that is stopped at a change; its exit status, or none where it ended before.

    Args:
        number: of the change, from 0.
        how: one of `HOWS`.
        body: what the child does; its exit code is 1 where an exception comes out of it.
        folder: only changes below it count.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(number, how, body, str(folder), writer)
    os.close(writer)
    reached = os.read(reader, 1) == b"x"
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return status if reached else None


def _child(number: int, how: str, body: Callable[[], object], folder: str, writer: int) -> None:
    seen = 0
    armed = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen, armed
        if not armed or not _changes(event, arguments, folder):
            return
        seen += 1
        if seen <= number:
            return
        armed = False
        os.write(writer, b"x")
        if how == "SIGKILL":
            os.kill(os.getpid(), signal.SIGKILL)
        elif how == "SIGTERM":
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    code = 0
    try:
        from pipeline import interruption

        interruption.listen()
        sys.addaudithook(hook)
        body()
    except BaseException:  # noqa: BLE001 - the child ends here, whatever it was
        code = 1
    os._exit(code)


def _changes(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    if event == "ctypes.dlsym":
        return bool(arguments[1] == "renameat2")
    if event == "open":
        path, _, flags = arguments
        writing = isinstance(flags, int) and bool(flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR))
        return writing and str(path).startswith(folder)
    # Removal of a tree names what it removes relative to a descriptor.
    return event in CHANGES
