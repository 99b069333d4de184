"""A Python function in a process of its own, with a pipe to it.

Unlike with `multiprocessing`, neither semaphores nor shared memory (`/dev/shm`) are needed, the worker and its
descendants end when this process ends for any reason, and its last standard error goes to this process, not to the
terminal. Workers do not get Ctrl-C; the main process decides.
"""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

from data_prep.errors import PipelineError
from data_prep.system.machine import cannot_start, machine_fault
from data_prep.system.programs import Supervised

_ENTRY = Path(__file__).with_name("worker_entry.py")
_TAIL = 1 << 14
"""Bytes of its standard error that are kept."""
_MOMENT = 3.0
"""Seconds that a worker whose pipe has closed may take to end."""


class Worker:
    """A worker.

    Args:
        name: for messages.
        target: a function of a module, called with the worker's end of the pipe and the arguments.
        arguments: picklable.

    Attributes:
        pipe: the end of this process; it closes when the worker ends.

    Raises:
        MachineError: when the system starts no process.
    """

    def __init__(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        self.name = name
        try:
            self.pipe, theirs = Pipe()
        except OSError as error:
            raise cannot_start(name, error) from None
        with theirs:
            flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing
            command = [sys.executable, *flags, "-P", _ENTRY, str(theirs.fileno())]
            self._program = Supervised(command, passed=theirs.fileno(), tail=_TAIL)
        self._ended: tuple[int, str] | None = None
        with suppress(OSError):  # it has ended; the pipe shows that later
            self.pipe.send(sys.path)
            self.pipe.send((target, arguments))

    @property
    def pid(self) -> int:
        """The process that supervises the worker; it exists as long as the worker does."""
        return self._program.process.pid

    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._ended is None and self._program.process.poll() is None

    def terminate(self) -> None:
        """Ask it to end: SIGTERM."""
        self._program.terminate()

    def wait(self, seconds: float | None = None) -> tuple[int, str]:
        """Wait for its end: the exit code, negative for a signal, and the end of its standard error.

        Raises:
            TimeoutError: when it still runs after this time.
        """
        if self._ended is None:
            self._ended = self._program.wait(seconds)
        return self._ended

    def collect(self) -> tuple[int, str]:
        """As `end`, for a worker whose pipe has closed: it may first end by itself, to give its own exit code."""
        with suppress(TimeoutError):
            self.wait(_MOMENT)
        return self.end()

    def end(self) -> tuple[int, str]:
        """End it with all its descendants at once, if it still runs, and wait for it; returns the same as `wait`."""
        try:
            if self._ended is None:
                self._program.kill()
            return self.wait()
        finally:
            self._program.close()
            self.pipe.close()


def sendable(error: Exception) -> Exception:
    """An exception in a form that can be sent through a pipe; shortages of the machine as `MachineError`."""
    reported = machine_fault(error) or error
    if isinstance(reported, PipelineError) or (
        isinstance(reported, OSError) and type(reported).__module__ == "builtins"
    ):
        return reported
    return RuntimeError("".join(traceback.format_exception(error)).strip())
