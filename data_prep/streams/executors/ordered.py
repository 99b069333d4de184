"""Results in the order of the tasks, whatever order they are done in, with few of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from data_prep.streams.executors import ClusterError, Executor, Task


def in_order(executor: Executor, tasks: Iterable[Task | bytes], retries: int) -> Iterator[bytes | Exception]:
    """Do tasks, a bounded number of them at a time.

    Args:
        executor: does them.
        tasks: the tasks; where one is done already, its result.
        retries: how often a task that fails is done again.

    Yields:
        for each task, in their order, its result or why it failed the last time.

    Raises:
        ClusterError: nothing can be done any more.
    """
    return _Window(executor, tasks, retries).results()


class _Window:
    """The tasks from the first one whose result was not yet given to the last one that was begun."""

    def __init__(self, executor: Executor, tasks: Iterable[Task | bytes], retries: int) -> None:
        self._executor = executor
        self._source = enumerate(tasks)
        self._retries = retries
        self._order: deque[int] = deque()
        self._running: dict[int, Task] = {}
        self._failures: dict[int, int] = {}
        self._outcome: dict[int, bytes | Exception | None] = {}

    def results(self) -> Iterator[bytes | Exception]:
        self._fill()
        while self._order:
            first = self._order[0]
            while first not in self._outcome:
                number, error = self._executor.wait()
                self._note(number, error)
            outcome = self._outcome.pop(first)
            if outcome is None:
                try:
                    outcome = self._executor.result(first)
                except ClusterError:
                    raise
                except Exception as error:  # noqa: BLE001 - a lost result is a failed task, whatever lost it
                    self._note(first, error)
                    continue
                del self._running[first]
            self._failures.pop(first, None)
            self._order.popleft()
            self._fill()
            yield outcome

    def _fill(self) -> None:
        """Begin tasks, so that every worker has one and the next."""
        ahead = 2 * self._executor.slots + 1
        while len(self._order) < ahead:
            number, task = next(self._source, (-1, b""))
            if number < 0:
                return
            self._order.append(number)
            if isinstance(task, bytes):
                self._outcome[number] = task
            else:
                self._running[number] = task
                self._executor.submit(number, task)

    def _note(self, number: int, error: Exception | None) -> None:
        if isinstance(error, ClusterError):
            raise error
        if error is not None:
            self._failures[number] = self._failures.get(number, 0) + 1
            if self._failures[number] <= self._retries:
                self._executor.submit(number, self._running[number])
                return
            del self._running[number]
        self._outcome[number] = error
