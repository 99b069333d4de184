"""Tasks on a Dask cluster: one that runs already, or jobs of a batch system by dask-jobqueue.

The workers must see the input files under the same names, and import the same `data_prep` with the same versions of the
libraries as this process; each task checks the latter.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import shlex
import shutil
import sys
import time
import uuid
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import Field

from data_prep.errors import ToolNotFoundError
from data_prep.settings import Settings
from data_prep.streams.executors import ClusterError, Task

ANSWER = 20.0
"""Seconds in which a scheduler must answer."""
PATIENCE = 120.0
"""Seconds without any worker after which work is given up; a batch system may let wait as long as it likes."""
_ROOT = Path(__file__).parents[3]

KINDS = {
    "htcondor": "HTCondorCluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "slurm": "SLURMCluster",
}
"""The batch systems and dask-jobqueue's classes."""


class BatchSettings(Settings):
    """Jobs of a batch system, as `--cluster FILE` reads them."""

    kind: Literal["htcondor", "lsf", "oar", "pbs", "sge", "slurm"]
    """The batch system."""
    jobs: int = Field(ge=1, le=100_000)
    """How many jobs are asked for; work begins with the first that runs."""
    options: dict[str, str | int | float | bool | list[str]] = Field(default_factory=dict)
    """Arguments of dask-jobqueue's class, as cores, memory, walltime, queue, account."""


class DaskCluster:
    """Does tasks on the workers of a Dask cluster; an `Executor`.

    Args:
        target: the address of a scheduler, `tcp://host:port`, or the jobs of a batch system to start.
    """

    def __init__(self, target: str | BatchSettings) -> None:
        self._target = target
        self._futures: dict[int, Any] = {}
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._stack = ExitStack()
        self._run = uuid.uuid4().hex
        self._submitted = 0
        self._slots = 1
        self._counted = 0.0
        self._alone_since = time.monotonic()
        self._refused: list[str] = []

    @property
    def slots(self) -> int:
        """The threads of all workers, counted anew now and then: they come and go."""
        if time.monotonic() - self._counted > 5:
            try:
                self._slots = max(1, sum(self._client.nthreads().values()))
            except (OSError, RuntimeError, TimeoutError) as error:
                raise self._gone(error) from None
            self._counted = time.monotonic()
        return self._slots

    def submit(self, number: int, task: Task) -> None:
        """Give a task to the scheduler."""
        self._submitted += 1
        key = f"images-{self._run}-{self._submitted}"
        future = self._client.submit(task, key=key, pure=False, priority=-self._submitted)
        self._futures[number] = future
        future.add_done_callback(lambda done: self._ended.put((number, done)))

    def wait(self) -> tuple[int, Exception | None]:
        """Wait for any task.

        Raises:
            ClusterError: the scheduler is gone, there are no workers, or they cannot import this project.
        """
        while True:
            try:
                number, future = self._ended.get(timeout=1)
            except queue.Empty:
                self._check_alive()
                continue
            if number not in self._futures or self._futures[number] is not future:
                continue
            self._alone_since = time.monotonic()
            if future.status == "finished":
                return number, None
            del self._futures[number]
            error = future.exception(timeout=ANSWER) if future.status == "error" else None
            if isinstance(error, ModuleNotFoundError):
                raise ClusterError(
                    f"a Dask worker cannot import the project ({error})",
                    file=self._name,
                    remedy=f"start the workers with PYTHONPATH={_ROOT} and with the versions of requirements.lock",
                )
            if not isinstance(error, Exception):
                self._check_alive()
                error = RuntimeError(f"Dask gave up on the task ({future.status})")
            return number, error

    def result(self, number: int) -> bytes:
        """Fetch the result of a task that was done well, once."""
        future = self._futures.pop(number)
        result: bytes = future.result(timeout=PATIENCE)
        future.release()
        return result

    def __enter__(self) -> Self:
        if isinstance(self._target, BatchSettings):
            _require_commands(self._target)
        client_class = _client()
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            if isinstance(self._target, BatchSettings):
                address: Any = self._stack.enter_context(_jobs(self._target, self._refused))
            else:
                address = self._target
            client = client_class(address, timeout=ANSWER, set_as_default=False, name="images")
            self._client = self._stack.enter_context(client)
        except ClusterError:
            self._stack.close()
            raise
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever it is, there is no connection
            self._stack.close()
            raise self._gone(error) from None
        self._alone_since = time.monotonic()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._futures:
            self._client.cancel(list(self._futures.values()), force=True)
        self._futures.clear()
        self._stack.close()

    @property
    def _name(self) -> str:
        return self._target if isinstance(self._target, str) else f"{self._target.kind} cluster"

    def _check_alive(self) -> None:
        """Notice that nobody will ever do the work."""
        if self._client.status != "running":
            raise self._gone(f"the connection is {self._client.status}")
        if isinstance(self._target, BatchSettings) and len(self._refused) >= self._target.jobs:
            raise ClusterError(
                f"the batch system refuses the jobs: {self._refused[0]}",
                file=self._name,
                remedy="correct `options` in the file of --cluster, and run the same command to go on",
            )
        try:
            workers = len(self._client.nthreads())
        except (OSError, RuntimeError, TimeoutError) as error:
            raise self._gone(error) from None
        if workers or isinstance(self._target, BatchSettings):
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > PATIENCE:
            raise ClusterError(
                f"the Dask scheduler has had no worker for {PATIENCE:g} s",
                file=self._name,
                remedy="start workers, and run the same command to go on",
            )

    def _gone(self, error: object) -> ClusterError:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        return ClusterError(
            f"the Dask cluster does not answer ({reason[0][:200]})",
            file=self._name,
            remedy="check its address or options; finished chunks are kept, run the same command to go on",
        )


def _client() -> Any:
    """Dask's client; one that found no scheduler does not try to take leave of it when it is forgotten."""
    distributed = _imported("distributed", "distributed")
    return type("Client", (distributed.Client,), {"__del__": lambda _: None})


def _imported(module: str, package: str) -> Any:
    """A module of Dask.

    Raises:
        ToolNotFoundError: when it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ToolNotFoundError(
            f"the Python package {package} is not installed, needed for --scheduler and --cluster ({error})",
            remedy="install it again: `rm .venv/.ready; make setup`",
        ) from None


def _require_commands(settings: BatchSettings) -> None:
    """Make sure that jobs can be given to the batch system, and taken back, before any is.

    Raises:
        ToolNotFoundError: naming the command that is not on PATH.
    """
    job = _cluster_class(settings).job_cls
    for command in (job.submit_command, job.cancel_command):
        name = command.split()[0]
        if shutil.which(name) is None:
            raise ToolNotFoundError(
                f"{name} not found, needed to start and end the jobs of --cluster",
                file=f"{settings.kind} cluster",
                remedy="log in where such jobs are submitted, or correct `kind` in the file of --cluster",
            )


def _cluster_class(settings: BatchSettings) -> Any:
    dask_jobqueue = _imported("dask_jobqueue", "dask-jobqueue")
    return getattr(dask_jobqueue, KINDS[settings.kind])


def _jobs(settings: BatchSettings, refused: list[str]) -> Any:
    """A cluster of jobs, asked for but not yet running.

    Args:
        settings: the jobs.
        refused: gets the reason of each job that the batch system does not take.
    """
    from distributed.deploy.spec import ProcessInterface

    options: dict[str, Any] = {"python": sys.executable, **settings.options}
    own = list(options.pop("job_script_prologue", []))
    options["job_script_prologue"] = [*own, f"export PYTHONPATH={shlex.quote(str(_ROOT))}:$PYTHONPATH"]
    cluster_class = _cluster_class(settings)
    job_class: Any = cluster_class.job_cls

    class Job(job_class):  # type: ignore[misc]  # of the class that is chosen
        """One that says what is wrong to us, not to the terminal."""

        async def start(self) -> None:
            try:
                await super().start()
            except Exception as error:  # noqa: BLE001 - whatever it is, this job will not run
                refused.append(_reason(error))
                await ProcessInterface.start(self)

    cluster = cluster_class(job_cls=Job, **options)
    cluster.scale(jobs=settings.jobs)
    return cluster


def _reason(error: Exception) -> str:
    """What the command that submits a job said: behind `stderr:`, as dask-jobqueue quotes it."""
    lines = [line.strip() for line in str(error).partition("stderr:")[2].splitlines() if line.strip()]
    message = lines or str(error).strip().splitlines() or [type(error).__name__]
    return message[0][:200]
