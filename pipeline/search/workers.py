"""The processes that run trials: started, watched, replaced when they end, and ended with the search."""

from __future__ import annotations

import errno
import logging
import multiprocessing
import os
import sys
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from data_prep import deaf_processes
from data_prep.errors import PipelineError
from pipeline import console, interruption
from pipeline.search import budget
from pipeline.search.settings import SearchSettings
from pipeline.search.space import Space

TRIALS = 50
"""A process runs so many before another one takes its place: TensorFlow never gives memory back."""
NO_ROOM, INTERRUPTED, BROKEN = errno.ENOSPC, 130, 1
"""Exit codes."""
DEATHS = 5
"""Workers that die one after the other, no trial having ended, after which the search stops."""
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


def work(job: Job, number: int) -> None:
    """Run trials until the search ends; the body of a worker."""
    interruption.listen()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        _work(job, number)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except PipelineError as error:
        console.warn(f"a worker ended: {error}")
        sys.exit(BROKEN)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.exit(NO_ROOM)


def _work(job: Job, number: int) -> None:
    from pipeline.search.study import Study
    from pipeline.search.trial import Bench

    study = Study(job.url, job.settings, job.space, job.fingerprint, job.heartbeat)
    from models.short_training import prepare_threads

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    prepare_threads(1)
    parent = multiprocessing.parent_process()

    def alive() -> None:
        interruption.check()
        if parent is not None and not parent.is_alive():
            raise KeyboardInterrupt

    bench = Bench(job.settings, job.space, job.work, alive)
    for _ in range(TRIALS):
        alive()
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
    _processes: dict[int, BaseProcess] = field(default_factory=dict)
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
            OSError: a worker found the disk full.
            PipelineError: they keep dying.
        """
        for number, process in list(self._processes.items()):
            if process.is_alive():
                continue
            process.join()
            del self._processes[number]
            if process.exitcode == NO_ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.job.work))
            if process.exitcode not in (0, INTERRUPTED):
                self._died(ended)
        if not replace:
            return
        fresh = []
        context = multiprocessing.get_context("spawn")
        for number in range(self.size):
            if number not in self._processes:
                self._processes[number] = context.Process(
                    target=work, args=(self.job, number), name=f"search {number}", daemon=True
                )
                fresh.append(self._processes[number])
        deaf_processes.start(fresh)

    def _died(self, ended: int) -> None:
        self._deaths = 1 if ended > self._next else self._deaths + 1
        self._next = ended
        if self._deaths >= DEATHS:
            raise PipelineError(
                f"{DEATHS} workers died one after the other, and no trial ended",
                remedy="is there enough memory? fewer --workers need less",
            )

    def stop(self) -> None:
        """End them; trials that are running wait to be run again."""
        for process in self._processes.values():
            if process.is_alive():
                process.terminate()
        for process in self._processes.values():
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
        self._processes.clear()
