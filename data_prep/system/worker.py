"""A Python function in a process of its own, with a pipe to it.

Unlike `multiprocessing` it needs neither semaphores nor shared memory (`/dev/shm`), ends with all that it started when
this process does, however that ends, and what it says when it dies is known to who started it, not to the terminal. It
hears no Ctrl-C: only the main process decides.
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
"""Seconds."""


class Worker:
    """A worker.

    Args:
        name: of it, for messages.
        target: a function of a module, called with the worker's end of the pipe and the arguments.
        arguments: picklable.

    Attributes:
        pipe: our end; at the worker's end it closes.

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
        with suppress(OSError):  # it has ended, as the pipe will tell
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
            TimeoutError: when it still works after so many seconds.
        """
        if self._ended is None:
            self._ended = self._program.wait(seconds)
        return self._ended

    def buried(self) -> tuple[int, str]:
        """As `end`, for one whose pipe has closed: it has a moment to end by itself, so that the code is its own."""
        with suppress(TimeoutError):
            self.wait(_MOMENT)
        return self.end()

    def end(self) -> tuple[int, str]:
        """End it at once with all that it started, where it has not ended, and wait for it; as `wait`."""
        try:
            if self._ended is None:
                self._program.kill()
            return self.wait()
        finally:
            self._program.close()
            self.pipe.close()


def as_sent(error: Exception) -> Exception:
    """An exception in a form that a pipe takes and the other end understands; what the machine lacks as that."""
    told = machine_fault(error) or error
    if isinstance(told, PipelineError) or (isinstance(told, OSError) and type(told).__module__ == "builtins"):
        return told
    return RuntimeError("".join(traceback.format_exception(error)).strip())
