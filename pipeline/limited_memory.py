"""An error message where a limit of memory makes a library crash.

C++ libraries that get no memory end the process by SIGABRT or SIGSEGV, which Python cannot catch, or retry for ever.
Under a limit (`ulimit -v`, as batch systems set it) the command is therefore run in a child. This process needs hardly
any memory: it reports how the child ended, and ends it if it does not react to SIGINT and SIGTERM.
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
"""Bytes of address space below which no stage can start: libraries crash, or retry for ever."""
PATIENCE = 10
"""Seconds within which the child must end after SIGINT or SIGTERM."""
_CRASHES = (signal.SIGABRT, signal.SIGBUS, signal.SIGKILL, signal.SIGSEGV, signal.SIGILL, signal.SIGTRAP)
_DEATH_OF_PARENT = 1
"""`PR_SET_PDEATHSIG`."""


def in_a_child_where_memory_is_limited(command: Callable[[], int]) -> int:
    """Run a command, in a child if memory is limited.

    Args:
        command: returns its exit code.

    Returns:
        The exit code; 1 after an error message if the child crashed, or if the limit is too small for the libraries.
    """
    limit = memory_limit()
    if limit is None or sys.platform != "linux":
        return command()
    if address_space() < SMALLEST:
        allowed, required = int(address_space()) >> 20, SMALLEST >> 20
        reason = f"{allowed} MB of address space are allowed, and the libraries alone need {required}"
        os.write(2, f"error {reason} (raise the limit: `ulimit -v`)\n".encode())
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
        # Without memory, the interpreter may not be able to shut down either.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
    sys.exit(code)


class _Watch:
    """The signal handlers while the child works."""

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
