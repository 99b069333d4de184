"""What the user is told where a limit of memory makes a library end the process.

C++ ends a process that gets no memory by SIGABRT or SIGSEGV, past every `except` of ours, or tries for ever. Under a
limit (`ulimit -v`, as batch systems set it) the command is therefore run by a child, and this process, which needs next
to no memory, tells how it ended, and ends it where it does not hear SIGINT and SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from data_prep.system.machine import MEMORY, ending
from data_prep.system.memory_limit import address_space, memory_limit
from pipeline.interruption import INTERRUPTED

SMALLEST = 800 << 20
"""Bytes of address space below which no stage gets to its work: libraries crash, or try for ever."""
PATIENCE = 10
"""Seconds that the child has to end after SIGINT or SIGTERM."""
_CRASHES = (signal.SIGABRT, signal.SIGBUS, signal.SIGKILL, signal.SIGSEGV, signal.SIGILL, signal.SIGTRAP)
_DEATH_OF_PARENT = 1
"""`PR_SET_PDEATHSIG`."""


def in_a_child_where_memory_is_limited(command: Callable[[], int]) -> int:
    """Run a command; under a limit of memory in a child.

    Args:
        command: gives its exit code.

    Returns:
        the exit code; 1 where a signal ended the child that is the sign of a crash, or where there is no room for the
        libraries, after a line that says so.
    """
    limit = memory_limit()
    if limit is None or sys.platform != "linux":
        return command()
    if address_space() < SMALLEST:
        allowed, needed = int(address_space()) >> 20, SMALLEST >> 20
        told = f"{allowed} MB of address space are allowed, and the libraries alone need {needed}"
        os.write(2, f"error {told} (raise the limit: `ulimit -v`)\n".encode())
        return 1
    parent = os.getpid()
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        child = os.fork()
        if child == 0:
            _end_with(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
            _be_child(command)
        watch = _Watch(child)
        for number in signals:
            signal.signal(number, watch.pass_on)
        signal.signal(signal.SIGALRM, watch.give_up)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if watch.given_up or (code < 0 and -code in signals):
        return INTERRUPTED
    if code < 0 and -code in _CRASHES:
        os.write(2, f"error {ending(code)} ({limit >> 20} MB are allowed: {MEMORY.advice()})\n".encode())
        return 1
    return code if code >= 0 else 128 - code


def _be_child(command: Callable[[], int]) -> None:
    code = command()
    if code:
        # What had no memory may not find the way out either.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
    sys.exit(code)


class _Watch:
    """What is done about signals while the child works."""

    def __init__(self, child: int) -> None:
        self._child = child
        self.given_up = False

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        os.kill(self._child, number)
        signal.alarm(PATIENCE)

    def give_up(self, number: int, frame: FrameType | None) -> None:
        self.given_up = True
        os.write(2, b"error interrupted; it did not answer, run the same command to go on\n")
        os.kill(self._child, signal.SIGKILL)


def _end_with(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_DEATH_OF_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
