"""Tasks in processes of this machine.

Each process is asked through a pipe of its own, so that one that ends (out of memory, a crash in a library) takes down
its own task alone, and is replaced. All of them end at once when the executor does, or when this process dies.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

from data_prep.streams.executors import ClusterError, Task, WorkerEnded
from data_prep.system.machine import MEMORY, PROCESSES, WORKERS, MachineError, ending, lack_of_end
from data_prep.system.memory_limit import memory_limit
from data_prep.system.worker import Worker, sendable

AT_HAND = 2
"""Tasks that a process is given at once: when one is done the next is there."""
FIRST_DEATHS = 2
"""Processes that end unexpectedly before any has done a task, after which no more are started."""
DEATHS, TASKS_A_DEATH = 6, 20
"""Processes that may end unexpectedly, and after how many tasks done one more, before no more are started: more than
the attempts at a single task that ends any."""
_ENDS = (MEMORY, PROCESSES)
"""What a process lacks that it cannot be relied on after."""


class _Server:
    """A worker and the tasks it has been given, the first one being done."""

    def __init__(self, number: int) -> None:
        self.worker = Worker(f"worker {number}", _serve)
        self.given: deque[tuple[int, Task]] = deque()

    def give(self, number: int, task: Task) -> None:
        self.given.append((number, task))
        with suppress(OSError):  # it has ended, which is noticed when its answer is waited for
            self.worker.pipe.send((number, task))


class Processes:
    """Does tasks in processes, started as they are needed; an `Executor`.

    Args:
        workers: the most processes.
        less: how the user asks for fewer.
    """

    def __init__(self, workers: int, less: str = WORKERS) -> None:
        self.slots = workers
        self._less = less
        self._workers: list[_Server] = []
        self._started = 0
        self._tasks = 0
        self._deaths = 0
        self._waiting: deque[tuple[int, Task]] = deque()
        self._done: deque[tuple[int, Exception | None]] = deque()
        self._results: dict[int, bytes] = {}

    def submit(self, number: int, task: Task) -> None:
        """Give a task to a process, or keep it until one is free."""
        self._waiting.append((number, task))
        self._feed()

    def wait(self) -> tuple[int, Exception | None]:
        """Wait for any task.

        Raises:
            ClusterError: the processes end one after the other, or the system starts none.
        """
        while not self._done:
            pipes = {server.worker.pipe: server for server in self._workers}
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
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        servers, self._workers = self._workers, []
        for server in servers:
            server.worker.end()

    def _feed(self) -> None:
        while self._waiting:
            least = min(self._workers, key=lambda server: len(server.given), default=None)
            if least is None or (least.given and len(self._workers) < self.slots):
                least = self._start_process() or least
            if least is None or len(least.given) >= AT_HAND:
                return
            least.give(*self._waiting.popleft())

    def _start_process(self) -> _Server | None:
        """One more process; none where those that are there must do.

        Raises:
            ClusterError: the system starts none.
        """
        try:
            server = _Server(self._started + 1)
        except MachineError as error:
            if not self._workers:
                raise ClusterError(error.problem, remedy=error.lack.advice(self._less)) from None
            self.slots = len(self._workers)
            return None
        self._started += 1
        self._workers.append(server)
        return server

    def _receive(self, server: _Server) -> None:
        try:
            number, error, result = server.worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(server)
            return
        if isinstance(error, MachineError):
            error = error.with_remedy(self._less)
            if error.lack in _ENDS:
                self._bury(server, error)
                return
        server.given.popleft()
        if error is None:
            self._results[number] = result
            self._tasks += 1
        self._done.append((number, error))

    def _bury(self, server: _Server, said: MachineError | None = None) -> None:
        """A process has ended: the task it was at has failed, the others go back.

        Raises:
            ClusterError: too many do.
        """
        self._workers.remove(server)
        code, errors = server.worker.collect()
        self._deaths += 1
        reason = f"{server.worker.name}: {said.problem}" if said else f"{server.worker.name} {ending(code, errors)}"
        # Under a limit a process may end before it can say why.
        limited = MEMORY if memory_limit() is not None else None
        lack = said.lack if said else lack_of_end(code, errors) or limited
        remedy = lack.advice(self._less) if lack else None
        if self._deaths >= (DEATHS + self._tasks // TASKS_A_DEATH if self._tasks else FIRST_DEATHS):
            raise ClusterError(f"{reason}; {self._deaths} have ended, with {self._tasks} tasks done", remedy=remedy)
        if server.given:
            number, _ = server.given.popleft()
            self._done.append((number, said or WorkerEnded(reason, remedy=remedy)))
        self._waiting.extendleft(reversed(server.given))


def _serve(pipe: Connection) -> None:
    """What a process does: tasks from the pipe, until its other end closes."""
    while True:
        try:
            number, task = pipe.recv()
        except (EOFError, OSError):
            return
        error: Exception | None = None
        result = b""
        try:
            result = task()
        except Exception as fault:  # noqa: BLE001 - it may not be picklable
            error = sendable(fault)
        try:
            pipe.send((number, error, result))
        except OSError:
            return
        if isinstance(error, MachineError) and error.lack in _ENDS:
            os._exit(1)  # what is left of it cannot be relied on
