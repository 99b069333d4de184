"""Production of files on all cores: every idle process gets the next file to make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Protocol

from data_prep.errors import PipelineError
from data_prep.system.machine import MachineError, ending, lack_of_end
from data_prep.system.worker import Worker, sendable

_LESS = "use fewer --workers"


class FileTask(Protocol):
    """A file to be made."""

    @property
    def file(self) -> str:
        """Name of the file."""
        ...

    @property
    def size(self) -> int:
        """Number of entries, for the progress bar."""
        ...


Make = Callable[[Any, Any, Path, Callable[[int], None]], None]
"""Makes one file from the settings, the task, the folder, and a function that is called with numbers of entries."""


def make_all(
    make: Make, settings: Any, tasks: Sequence[FileTask], folder: Path, processes: int, advance: Callable[[int], None]
) -> None:
    """Make every file that the folder does not hold yet.

    On any exception, `KeyboardInterrupt` included, the processes are ended at once; complete files stay.

    Args:
        make: a function of a module.
        settings: passed to `make`; picklable.
        tasks: in the order in which they are begun; picklable.
        folder: an existing folder.
        processes: largest number of worker processes.
        advance: called with numbers of entries, also for the files that exist already.

    Raises:
        PipelineError: of a process, or a process was killed.
    """
    missing: list[FileTask] = []
    for task in tasks:
        if (folder / task.file).exists():
            advance(task.size)
        else:
            missing.append(task)
    if missing:
        _run(make, settings, missing, folder, min(processes, len(missing)), advance)


def _run(
    make: Make, settings: Any, tasks: Sequence[FileTask], folder: Path, processes: int, advance: Callable[[int], None]
) -> None:
    """Run all tasks.

    A process sends numbers of entries, `None` when it is idle and, at most once, an exception.
    """
    todo = iter(range(len(tasks)))
    workers: list[Worker] = []
    try:
        for number in range(processes):
            workers.append(Worker(f"worker {number + 1}", _work, make, settings, tasks, folder))
        running = {worker.pipe: worker for worker in workers}
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)  # noqa: S101 - `wait` returns what it is given
                report = _report(pipe, running[pipe])
                if isinstance(report, int):
                    advance(report)
                    continue
                index = next(todo, None)
                with suppress(OSError):  # a process that has ended is noticed at its next report
                    pipe.send(index)
                if index is None:
                    del running[pipe]
    finally:
        for worker in workers:
            worker.end()


def _report(pipe: Connection, worker: Worker) -> int | None:
    """The next report of a process.

    Raises:
        PipelineError: the process reports an exception, or has ended.
    """
    try:
        report = pipe.recv()
    except (EOFError, OSError):
        code, stderr = worker.collect()
        remedy = "run the same command to go on"
        if (lack := lack_of_end(code, stderr)) is not None:
            remedy = f"{lack.advice(_LESS)}; {remedy}"
        raise PipelineError(f"{worker.name} {ending(code, stderr)}", remedy=remedy) from None
    if isinstance(report, MachineError):
        raise report.with_remedy(_LESS)
    if isinstance(report, Exception):
        raise report
    return None if report is None else int(report)


def _work(pipe: Connection, make: Make, settings: Any, tasks: Sequence[FileTask], folder: Path) -> None:
    """The loop of one process."""
    try:
        while True:
            pipe.send(None)
            index = pipe.recv()
            if index is None:
                return
            make(settings, tasks[index], folder, pipe.send)
    except Exception as error:  # noqa: BLE001 - raised again by the main process
        pipe.send(sendable(error))
