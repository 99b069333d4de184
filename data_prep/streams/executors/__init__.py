"""Where work is done: in this process, in processes of this machine, or on a Dask cluster.

A task is a picklable function of nothing that returns bytes and depends on nothing else, so that it gives the same
bytes wherever and whenever it runs. An executor takes numbered tasks and says which is done; `ordered.in_order` gives
the results in the order of the tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from data_prep.errors import PipelineError

Task = Callable[[], bytes]
"""What is done."""


class ClusterError(PipelineError):
    """The executor itself fails, so that trying a task again is no use."""


class WorkerEnded(PipelineError):
    """The process that had a task ended unexpectedly."""


class Executor(Protocol):
    """Does tasks; use it as a context manager, at whose end nothing runs any more."""

    @property
    def slots(self) -> int:
        """How many tasks are done at the same time."""
        ...

    def submit(self, number: int, task: Task) -> None:
        """Have a task done; a number may be used again once its task is done."""
        ...

    def wait(self) -> tuple[int, Exception | None]:
        """Wait for any task that is submitted and not yet told of: its number, and why it failed, if it did.

        Raises:
            ClusterError: nothing can be done any more.
        """
        ...

    def result(self, number: int) -> bytes:
        """The result of a task that was done well, given once.

        Raises:
            Exception: it is lost; the task must be done again.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
