"""Tasks in processes of this machine.

Each process is asked through a pipe of its own, so that one that ends (out of memory, a crash in a library) takes down
its own task alone, and is replaced. All of them end at once when the executor does, or when this process dies.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from data_prep.deaf_processes import start
from data_prep.errors import PipelineError
from data_prep.executors import Task, WorkerEnded

AT_HAND = 2
"""Tasks that a process is given at once: when one is done the next is there."""


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0))


class _Worker:
    """A process, this end of its pipe, and the tasks it has been given, the first one being done."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.given: deque[tuple[int, Task]] = deque()
        start([self.process])
        theirs.close()

    def give(self, number: int, task: Task) -> None:
        self.given.append((number, task))
        with suppress(OSError):  # it has ended, which is noticed when its answer is waited for
            self.pipe.send((number, task))

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Processes:
    """Does tasks in processes, started as they are needed; an `Executor`.

    Args:
        workers: the most processes.
    """

    def __init__(self, workers: int) -> None:
        self.slots = workers
        self._workers: list[_Worker] = []
        self._waiting: deque[tuple[int, Task]] = deque()
        self._done: deque[tuple[int, Exception | None]] = deque()
        self._results: dict[int, bytes] = {}

    def submit(self, number: int, task: Task) -> None:
        """Give a task to a process, or keep it until one is free."""
        self._waiting.append((number, task))
        self._feed()

    def wait(self) -> tuple[int, Exception | None]:
        """Wait for any task."""
        while not self._done:
            pipes = {worker.pipe: worker for worker in self._workers}
            for pipe in wait(list(pipes)):
                if isinstance(pipe, Connection):
                    self._receive(pipes[pipe])
            self._feed()
        return self._done.popleft()

    def result(self, number: int) -> bytes:
        """The result of a task that was done well, given once."""
        return self._results.pop(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()

    def _feed(self) -> None:
        while self._waiting:
            least = min(self._workers, key=lambda worker: len(worker.given), default=None)
            if least is None or (least.given and len(self._workers) < self.slots):
                least = _Worker()
                self._workers.append(least)
            if len(least.given) >= AT_HAND:
                return
            least.give(*self._waiting.popleft())

    def _receive(self, worker: _Worker) -> None:
        try:
            number, error, result = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        worker.given.popleft()
        if error is None:
            self._results[number] = result
        self._done.append((number, error))

    def _bury(self, worker: _Worker) -> None:
        """A process has ended: the task it was at has failed, the others go back."""
        self._workers.remove(worker)
        worker.end()
        if worker.given:
            number, _ = worker.given.popleft()
            what = f"the process that worked on it ended unexpectedly (exit code {worker.process.exitcode})"
            self._done.append((number, WorkerEnded(what, remedy="it may have run out of memory: use fewer --workers")))
        self._waiting.extendleft(reversed(worker.given))


def _serve(pipe: Connection) -> None:
    """What a process does: tasks from the pipe, until its other end closes."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            number, task = pipe.recv()
        except (EOFError, OSError):
            return
        error: Exception | None = None
        result = b""
        try:
            result = task()
        except PipelineError as found:
            error = found
        except Exception as found:  # noqa: BLE001 - it may not be picklable, its text is
            error = RuntimeError("".join(traceback.format_exception(found)).strip())
        try:
            pipe.send((number, error, result))
        except OSError:
            return
