"""The processes that run trials: started, watched, replaced when they end, and ended with the search."""

from __future__ import annotations

import errno
import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from data_prep.errors import PipelineError
from data_prep.system.machine import DISK, ROOM, WORKERS, MachineError, ending, lack_of_end, machine_fault
from data_prep.system.worker import Worker
from pipeline import console, interruption
from pipeline.studies.search import budget
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Space

TRIALS = 50
"""A process runs so many before another one takes its place: TensorFlow never gives memory back."""
NO_ROOM, INTERRUPTED = errno.ENOSPC, 130
"""Exit codes."""
DEATHS = 5
"""Workers that die one after the other, no trial having ended, after which the search stops."""
FIRST_DEATHS = 2
"""The same for those that die before they could begin with any."""
PATIENCE = 30
"""Seconds that a worker has to end."""


@dataclass(frozen=True)
class Job:
    """What a worker has to know; it crosses the border of a process.

    Attributes:
        settings: search.yaml.
        space: the search space.
        fingerprint: of the search.
        url: of the database.
        work: the folder of the search.
        heartbeat: seconds between two signs of life of a trial, and without one until it is given up.
    """

    settings: SearchSettings
    space: Space
    fingerprint: str
    url: str
    work: Path
    heartbeat: tuple[int, int]


def work(pipe: Connection, job: Job, number: int) -> None:
    """Run trials until the search ends; the body of a worker."""
    interruption.listen()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        _work(pipe, job, number)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (PipelineError, OSError, MemoryError) as error:
        fault = machine_fault(error)
        if fault is not None and fault.lack in ROOM:
            sys.exit(NO_ROOM)
        sys.exit(str(fault or error))  # exit code 1


def _work(pipe: Connection, job: Job, number: int) -> None:
    from pipeline.studies.search.study import Study
    from pipeline.studies.search.trial import Bench

    study = Study(job.url, job.settings, job.space, job.fingerprint, job.heartbeat)
    from models.training.short_training import prepare_threads

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    prepare_threads(1)
    pipe.send("it has begun")
    bench = Bench(job.settings, job.space, job.work, interruption.check)
    for _ in range(TRIALS):
        interruption.check()
        records = study.records()
        if budget.spent(records, job.settings.budget, running=True) or budget.exhausted(records):
            return
        if budget.common_failure(records) is not None:
            return
        study.step(bench.run, number)


@dataclass
class Crew:
    """The workers of one command.

    Args:
        job: what they do.
        size: how many.
    """

    job: Job
    size: int
    _processes: dict[int, Worker] = field(default_factory=dict)
    _deaths: int = 0
    _next: int = 0

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def mend(self, ended: int, *, replace: bool = True) -> None:
        """Look after the workers.

        Args:
            replace: whether those that ended are replaced.
            ended: trials that have ended so far; workers that die while the number grows are replaced for ever.

        Raises:
            MachineError: a worker found the disk full.
            PipelineError: they keep dying.
        """
        for number, process in list(self._processes.items()):
            if process.alive():
                continue
            begun = process.pipe.poll()
            code, said = process.end()
            del self._processes[number]
            if code == NO_ROOM:
                raise MachineError(DISK, file=self.job.work)
            if code not in (0, INTERRUPTED):
                self._died(ended, begun, code, said)
        if not replace:
            return
        for number in range(self.size):
            if number not in self._processes:
                self._processes[number] = Worker(f"worker {number}", work, self.job, number)

    def _died(self, ended: int, begun: bool, code: int, said: str) -> None:
        self._deaths = 1 if ended > self._next else self._deaths + 1
        self._next = ended
        how = ending(code, said)
        if self._deaths >= (DEATHS if begun else FIRST_DEATHS):
            lack = lack_of_end(code, said)
            raise PipelineError(
                f"{self._deaths} workers died one after the other before any trial ended; the last one {how}",
                remedy=lack.advice(WORKERS) if lack else "run the same command to go on",
            )
        console.warn(f"a worker {how}")

    def stop(self) -> None:
        """End them; trials that are running wait to be run again."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with suppress(TimeoutError):
                process.wait(PATIENCE)
            process.end()
        self._processes.clear()
