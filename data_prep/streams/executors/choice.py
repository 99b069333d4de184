"""Which executor does the work, as the user chose."""

from __future__ import annotations

from data_prep.errors import PipelineError
from data_prep.streams.executors import Executor
from data_prep.streams.executors.dask_cluster import BatchSettings, DaskCluster
from data_prep.streams.executors.processes import Processes
from data_prep.streams.executors.serial import Serial
from data_prep.system.processors import cores

WORTH_A_PROCESS = 200_000
"""Entries below which starting processes takes longer than they save."""


def executor_of(
    entries: int, workers: int = 0, scheduler: str | None = None, cluster: BatchSettings | None = None
) -> Executor:
    """The executor.

    Args:
        entries: how many are read.
        workers: processes of this machine; 0: one a core, or this one alone where there is little to do.
        scheduler: the address of a Dask scheduler.
        cluster: jobs of a batch system.

    Raises:
        PipelineError: more than one of them.
    """
    if sum((workers > 0, scheduler is not None, cluster is not None)) > 1:
        raise PipelineError("give one of --workers, --scheduler and --cluster")
    if scheduler is not None or cluster is not None:
        return DaskCluster(scheduler or cluster or "")
    if workers == 1 or (workers == 0 and (entries < WORTH_A_PROCESS or cores() == 1)):
        return Serial()
    return Processes(workers or cores())
