"""Work on all cores: every process that is free gets the next task, and leaves a file of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Protocol

from data_prep.errors import PipelineError
from data_prep.system.machine import MachineError, ending, lack_of_end
from data_prep.system.worker import Worker, as_sent

_LESS = "use fewer --workers"


class Task(Protocol):
    """A file to be made."""

    @property
    def file(self) -> str:
        """Its name."""
        ...

    @property
    def size(self) -> int:
        """Entries that it is worth."""
        ...


Make = Callable[[Any, Any, Path, Callable[[int], None]], None]
"""Makes one task's file: given the settings, the task, the folder, and what is called with numbers of entries."""


def make_all(
    make: Make, settings: Any, tasks: Sequence[Task], folder: Path, processes: int, advance: Callable[[int], None]
) -> None:
    """Make every file that the folder does not hold yet.

    On any exception, `KeyboardInterrupt` included, the processes are ended at once; complete files stay.

    Args:
        make: a function of a module.
        settings: given to it; picklable.
        tasks: in the order in which they are begun; picklable.
        folder: an existing folder.
        processes: at most so many worker processes.
        advance: called with numbers of entries, also for the files that are there already.

    Raises:
        PipelineError: what went wrong in a process, or that it was killed.
    """
    missing: list[Task] = []
    for task in tasks:
        if (folder / task.file).exists():
            advance(task.size)
        else:
            missing.append(task)
    if missing:
        _run(make, settings, missing, folder, min(processes, len(missing)), advance)


def _run(
    make: Make, settings: Any, tasks: Sequence[Task], folder: Path, processes: int, advance: Callable[[int], None]
) -> None:
    """Work through the tasks.

    A process reports numbers of entries, `None` when it has nothing to do and, at most once, what went wrong.
    """
    todo = iter(range(len(tasks)))
    workers: list[Worker] = []
    try:
        for number in range(processes):
            workers.append(Worker(f"worker {number + 1}", _work, make, settings, tasks, folder))
        running = {worker.pipe: worker for worker in workers}
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)  # noqa: S101 - nothing else was given
                report = _report(pipe, running[pipe])
                if isinstance(report, int):
                    advance(report)
                    continue
                index = next(todo, None)
                with suppress(OSError):  # it has ended, which is noticed when its report is waited for
                    pipe.send(index)
                if index is None:
                    del running[pipe]
    finally:
        for worker in workers:
            worker.end()


def _report(pipe: Connection, worker: Worker) -> int | None:
    """What a process reports.

    Raises:
        PipelineError: what went wrong in it, or that it ended.
    """
    try:
        report = pipe.recv()
    except (EOFError, OSError):
        code, said = worker.buried()
        remedy = "run the same command to go on"
        if (lack := lack_of_end(code, said)) is not None:
            remedy = f"{lack.advice(_LESS)}; {remedy}"
        raise PipelineError(f"{worker.name} {ending(code, said)}", remedy=remedy) from None
    if isinstance(report, MachineError):
        raise report.asking(_LESS)
    if isinstance(report, Exception):
        raise report
    return None if report is None else int(report)


def _work(pipe: Connection, make: Make, settings: Any, tasks: Sequence[Task], folder: Path) -> None:
    """What one process does."""
    try:
        while True:
            pipe.send(None)
            index = pipe.recv()
            if index is None:
                return
            make(settings, tasks[index], folder, pipe.send)
    except Exception as error:  # noqa: BLE001 - it is raised again where it is received
        pipe.send(as_sent(error))
