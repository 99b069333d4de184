"""Other programs run side by side: nothing outlives its caller, neither by an error nor by Ctrl-C."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True)
class Ended:
    """How a program ended: exit code (negative: the signal that ended it) and what it said."""

    code: int
    output: str
    errors: str


class Children:
    """A group of programs that may be run from several threads; leaving the context ends those still running."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            left = list(self._running)
        for process in left:
            _end(process)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        cpu_seconds: int | None = None,
    ) -> Ended:
        """Run a program to its end.

        Args:
            command: the program and its arguments.
            folder: where it runs.
            environment: all its variables; ours where there are none.
            cpu_seconds: processor time after which the system ends it; where the system knows no such limit, the time
                by the clock.

        Raises:
            RuntimeError: when the group was left already.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("no program is started after the end")
            process = subprocess.Popen(
                list(map(str, command)),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
        seconds: float | None = cpu_seconds
        if cpu_seconds is not None and sys.platform == "linux":
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
            seconds = None
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            output, errors = process.communicate()
        finally:
            if process.poll() is None:
                _end(process)
            with self._lock:
                self._running.discard(process)
        return Ended(process.returncode, output, errors)


def _end(process: subprocess.Popen[str]) -> None:
    """End a program and those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
