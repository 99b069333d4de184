"""Tasks one after the other in this process."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from data_prep.streams.executors import Task


class Serial:
    """Does a task when its end is waited for; an `Executor`."""

    slots = 1

    def __init__(self) -> None:
        self._tasks: deque[tuple[int, Task]] = deque()
        self._results: dict[int, bytes] = {}

    def submit(self, number: int, task: Task) -> None:
        """Note a task."""
        self._tasks.append((number, task))

    def wait(self) -> tuple[int, Exception | None]:
        """Do the task that was noted first."""
        number, task = self._tasks.popleft()
        try:
            self._results[number] = task()
        except Exception as error:  # noqa: BLE001 - what is done about it is decided by who waits
            return number, error
        return number, None

    def result(self, number: int) -> bytes:
        """The result of a task that was done well, given once."""
        return self._results.pop(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tasks.clear()
        self._results.clear()
