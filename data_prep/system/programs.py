"""Running other programs, also in parallel; none outlives this process.

Every program runs in its own session under `supervisor.py`, which ends it with all its descendants as soon as this
process no longer waits for it: after an error, after Ctrl-C, and when this process is killed. Programs do not get the
terminal's Ctrl-C; this process decides.
"""

from __future__ import annotations

import errno
import logging
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from data_prep.errors import PipelineError, ToolNotFoundError
from data_prep.system.machine import cannot_start
from data_prep.system.processors import cores

_LOG = logging.getLogger(__name__)
_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_PATIENCE = 15.0
"""Seconds to wait for a supervisor to end its program."""


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        code: exit code; negative: the signal that ended it.
        output: its standard output.
        errors: its standard error.
        late: whether it was ended by the time limit.
    """

    code: int
    output: str
    errors: str
    late: bool = False


class Supervised:
    """A running program with its supervisor.

    Args:
        command: the program and its arguments.
        folder: its working directory.
        environment: all its variables; by default those of this process.
        cpu_seconds: processor time after which Linux ends it by SIGXCPU; -1: none.
        passed: a file descriptor that it inherits; it stays open in this process too.
        tail: number of bytes of the end of its standard error that the supervisor reads and keeps.
        captured: whether standard output and error go to pipes of `process`; else they are discarded.

    Raises:
        MachineError: when the system starts no process.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        cpu_seconds: int = -1,
        passed: int = -1,
        tail: int = 0,
        captured: bool = False,
    ) -> None:
        self.name = Path(command[0]).name
        stream = subprocess.PIPE if captured else subprocess.DEVNULL
        try:
            self._line, theirs = socket.socketpair()
            with theirs:
                numbers = map(str, (theirs.fileno(), cpu_seconds, passed, tail))
                self.process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_SUPERVISOR), *numbers, *map(str, command)],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                    pass_fds=(theirs.fileno(), passed) if passed >= 0 else (theirs.fileno(),),
                )
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE):
                raise cannot_start(self.name, error) from None
            raise
        self._answer: tuple[int, str] | None = None

    def terminate(self) -> None:
        """Send the program SIGTERM."""
        with suppress(OSError):
            self._line.send(b"T")

    def kill(self) -> None:
        """End the program and all its descendants at once."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)

    def wait(self, seconds: float | None = None) -> tuple[int, str]:
        """Wait for the end of all processes: the program's exit code, and the end of its standard error.

        Args:
            seconds: time limit; None for no limit.

        Raises:
            TimeoutError: when it is still running.
            ToolNotFoundError: when there is no such program.
            PipelineError: when it cannot be run.
        """
        if self._answer is None:
            self._line.settimeout(seconds)
            chunks: list[bytes] = []
            with suppress(ConnectionError):
                while chunk := self._line.recv(1 << 16):
                    chunks.append(chunk)
            self._line.settimeout(None)
            self.process.wait()
            self._answer = self._parse(b"".join(chunks))
        return self._answer

    def close(self) -> None:
        """End all processes that still run, and wait for them."""
        self.kill()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._end_group()
            self.process.wait()
        self._line.close()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _parse(self, answer: bytes) -> tuple[int, str]:
        head, _, stderr = answer.partition(b"\n")
        word, _, number = head.partition(b" ")
        if word == b"code":
            return int(number), stderr.decode(errors="replace")
        if word == b"errno":
            raise self._refusal(int(number))
        # The supervisor itself was killed and could not end its program.
        self._end_group()
        return self.process.returncode or -signal.SIGKILL, ""

    def _refusal(self, number: int) -> Exception:
        if number in (errno.EAGAIN, errno.ENOMEM):
            return cannot_start(self.name, number)
        if number == errno.ENOENT:
            return ToolNotFoundError(f"{self.name} not found", remedy="install it, or correct PATH")
        return PipelineError(f"{self.name} cannot be run: {os.strerror(number)}", file=shutil.which(self.name))

    def _end_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Children:
    """A group of programs that may be run from several threads; leaving the context ends those still running."""

    def __init__(self) -> None:
        self._running: set[Supervised] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            running = list(self._running)
        for program in running:
            program.kill()
        for program in running:
            with suppress(subprocess.TimeoutExpired):
                program.process.wait(_PATIENCE)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        cpu_seconds: int | None = None,
        seconds: float | None = None,
    ) -> Ended:
        """Run a program to its end.

        Args:
            command: the program and its arguments.
            folder: its working directory.
            environment: all its variables; by default those of this process.
            cpu_seconds: limit of processor time; where the system has no such limit, of elapsed time.
            seconds: limit of elapsed time.

        Raises:
            ToolNotFoundError: when there is no such program.
            MachineError: when the system starts no process.
            PipelineError: when the program cannot be run.
            RuntimeError: after the end of the context.
        """
        if sys.platform != "linux" and cpu_seconds is not None:
            seconds = min(cpu_seconds, cpu_seconds if seconds is None else seconds)
        limit = -1 if cpu_seconds is None else cpu_seconds
        with self._lock:
            if self._closed:
                raise RuntimeError("no program is started after the end")
            program = Supervised(command, folder=folder, environment=environment, cpu_seconds=limit, captured=True)
            self._running.add(program)
        late, begin = False, time.monotonic()
        _LOG.info("runs %s", shlex.join(map(str, command)))
        try:
            try:
                output, errors = program.process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                late = True
                program.kill()
                output, errors = program.process.communicate()
            code, _ = program.wait()
        finally:
            program.close()
            with self._lock:
                self._running.discard(program)
        _LOG.info("%s ended with code %d after %.1f s", program.name, code, time.monotonic() - begin)
        return Ended(code, output, errors, late)


def run(
    command: Sequence[str | Path],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Ended:
    """Run one program to its end; as `Children.run`."""
    with Children() as children:
        return children.run(command, folder=folder, environment=environment, seconds=seconds)


def run_all(commands: Sequence[Sequence[str | Path]]) -> list[Ended]:
    """Run programs in parallel, one for each processor, until all have ended; as `Children.run`.

    Returns:
        the results in the order of the commands; those after the first failure may be missing.
    """
    from concurrent.futures import ThreadPoolExecutor

    results: list[Ended] = []
    with ThreadPoolExecutor(cores()) as pool, Children() as children:
        for ended in [pool.submit(children.run, command) for command in commands]:
            results.append(ended.result())
            if results[-1].code != 0:
                break
    return results
