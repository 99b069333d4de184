"""Executors: any of them gives the same results in the same order, and a process that dies costs one attempt."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from data_prep.errors import InputFileError, PipelineError, ToolNotFoundError
from data_prep.streams.executors import ClusterError, Executor, Task, WorkerEnded, dask_cluster
from data_prep.streams.executors.choice import executor_of
from data_prep.streams.executors.dask_cluster import BatchSettings, DaskCluster
from data_prep.streams.executors.ordered import in_order
from data_prep.streams.executors.processes import Processes
from data_prep.streams.executors.serial import Serial
from data_prep.system import programs
from data_prep.system.machine import MachineError


@dataclass(frozen=True)
class Echo:
    """Gives its number; even ones take longer."""

    number: int

    def __call__(self) -> bytes:
        time.sleep(0.02 * (self.number % 2 == 0))
        return b"%d" % self.number


@dataclass(frozen=True)
class Fails:
    """Fails as often as it is told, counted in a file."""

    counter: str
    times: int
    how: str

    def __call__(self) -> bytes:
        with Path(self.counter).open("a") as file:
            file.write("x")
        if len(Path(self.counter).read_text()) <= self.times:
            if self.how == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.how == "named":
                raise InputFileError("is odd", file="x.root", remedy="mend it")
            raise ValueError("a defect")
        return b"at last"


class Dies:
    """Ends its process."""

    def __call__(self) -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b""


class Hungry:
    """Asks for more than there is."""

    def __call__(self) -> bytes:
        raise MemoryError


@dataclass(frozen=True)
class Full:
    """Finds a full disk."""

    def __call__(self) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device", "/out/x")


def results(executor: Executor, tasks: list[Task], retries: int = 0) -> list[bytes | str]:
    return [str(each) if isinstance(each, Exception) else each for each in in_order(executor, iter(tasks), retries)]


def test_results_come_in_the_order_of_the_tasks(tmp_path: Path) -> None:
    expected = [b"%d" % number for number in range(40)]
    tasks: list[Task] = [Echo(number) for number in range(40)]
    assert results(Serial(), tasks) == expected
    with Processes(3) as executor:
        assert results(executor, tasks) == expected
        # the same processes do more
        named = Fails(str(tmp_path / "named"), 1, "named")
        assert results(executor, [Echo(1), named, Echo(2)]) == [b"1", "x.root: is odd (mend it)", b"2"]
        assert results(executor, [Fails(str(tmp_path / "again"), 2, "named")], retries=2) == [b"at last"]
        (defect,) = results(executor, [Fails(str(tmp_path / "defect"), 9, "defect")], retries=1)
        assert isinstance(defect, str) and "Traceback" in defect and defect.endswith("ValueError: a defect")
        # one that dies takes no other task with it, and is replaced
        dies = Fails(str(tmp_path / "dies"), 2, "dies")
        assert results(executor, [*tasks[:9], dies, *tasks[9:]], retries=2) == [
            *expected[:9],
            b"at last",
            *expected[9:],
        ]
        (ended,) = in_order(executor, iter([Fails(str(tmp_path / "always"), 99, "dies")]), 1)
        assert isinstance(ended, WorkerEnded)
        assert "ended by signal 9 (SIGKILL): out of memory? (use fewer --workers" in str(ended)


def test_few_tasks_are_begun_ahead() -> None:
    begun: list[int] = []

    def tasks() -> object:
        for number in range(1000):
            begun.append(number)
            yield Echo(1)

    stream = in_order(Serial(), tasks(), 0)  # type: ignore[arg-type]
    for given in range(10):
        next(stream)
        assert len(begun) <= given + 5


def test_no_process_outlives_its_executor() -> None:
    with pytest.raises(KeyboardInterrupt), Processes(2) as executor:
        for number in range(4):
            executor.submit(number, Echo(1))
        executor.wait()
        workers = [server.worker for server in executor._workers]
        assert all(worker.alive() for worker in workers)
        raise KeyboardInterrupt
    assert not any(worker.alive() for worker in workers)


def test_the_choice() -> None:
    assert isinstance(executor_of(1000), Serial)
    assert isinstance(executor_of(10**9, workers=1), Serial)
    chosen = executor_of(10, workers=3)
    assert isinstance(chosen, Processes) and chosen.slots == 3
    assert isinstance(executor_of(10, scheduler="tcp://127.0.0.1:1"), DaskCluster)
    with pytest.raises(PipelineError, match="give one of"):
        executor_of(10, workers=2, scheduler="tcp://127.0.0.1:1")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "ftp://x:1"])
def test_a_scheduler_that_does_not_answer_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "ANSWER", 2.0)
    with pytest.raises(ClusterError, match="does not answer"), DaskCluster(address):
        pass


def test_a_cluster_without_workers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(dask_cluster, "PATIENCE", 1.0)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as cluster,
        DaskCluster(cluster.scheduler_address) as executor,
        pytest.raises(ClusterError, match="has had no worker for 1 s"),
    ):
        results(executor, [Echo(1)])


def test_the_jobs_of_a_batch_system_are_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    jobqueue = pytest.importorskip("dask_jobqueue")
    asked: list[int] = []
    monkeypatch.setattr(jobqueue.SLURMCluster, "scale", lambda _, jobs: asked.append(jobs))
    options = {
        "cores": 1,
        "memory": "1GB",
        "interface": "lo",
        "queue": "short",
        "job_script_prologue": ["module load x"],
    }
    with dask_cluster._jobs(
        BatchSettings.model_validate({"kind": "slurm", "jobs": 7, "options": options}), []
    ) as cluster:
        script = cluster.job_script()
    assert asked[0] == 7  # closing asks for none
    assert "#SBATCH -p short" in script
    assert f"module load x\nexport PYTHONPATH={Path(__file__).parents[4]}:$PYTHONPATH\n{sys.executable} -m " in script


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("htcondor", "condor_submit"),
        ("lsf", "bsub"),
        ("oar", "oarsub"),
        ("pbs", "qsub"),
        ("sge", "qsub"),
        ("slurm", "sbatch"),
    ],
)
def test_a_batch_system_that_is_not_there_is_named(
    kind: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = BatchSettings.model_validate({"kind": kind, "jobs": 2, "options": {"cores": 1, "memory": "1GB"}})
    with (
        pytest.raises(ToolNotFoundError, match=f"{kind} cluster: {command} not found, needed to start"),
        DaskCluster(settings),
    ):
        pass


def test_jobs_that_are_refused_are_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("dask_jobqueue")
    for name in ("sbatch", "scancel"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'sbatch: error: invalid account' >&2\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    options = {"cores": 1, "memory": "1GB", "interface": "lo"}
    settings = BatchSettings.model_validate({"kind": "slurm", "jobs": 2, "options": options})
    with (
        pytest.raises(ClusterError, match="slurm cluster: .*refuses the jobs: sbatch: error: invalid account"),
        DaskCluster(settings) as executor,
    ):
        results(executor, [Echo(1)])
    assert capfd.readouterr().err == ""


def test_processes_that_die_before_anything_is_done_are_the_end() -> None:
    with (
        pytest.raises(ClusterError, match=r"worker \d ended by signal 9 \(SIGKILL\): out of memory\?; 2 have ended"),
        Processes(2) as executor,
    ):
        results(executor, [Dies()] * 9, retries=99)


def test_memory_that_is_not_there_ends_the_process_and_is_told() -> None:
    with pytest.raises(ClusterError, match=r"there is not enough memory.*--workers"), Processes(1) as executor:
        results(executor, [Hungry()] * 9, retries=99)


def test_what_else_the_machine_lacks_is_told_as_that() -> None:
    """The process goes on, and the option by which less is asked for is the command's."""
    with Processes(1, "use fewer --trainings") as executor:
        _, full, hungry, _ = in_order(executor, iter([Echo(0), Full(), Hungry(), Echo(1)]), retries=0)
    assert isinstance(full, MachineError) and str(full).startswith("/out/x: No space left on device (make room")
    assert isinstance(hungry, MachineError) and str(hungry).startswith("there is not enough memory (use fewer --train")


def test_a_system_that_starts_no_process_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(programs.subprocess, "Popen", none)
    with (
        pytest.raises(ClusterError, match=r"cannot be started: Resource temporarily unavailable .*--workers"),
        Processes(2) as executor,
    ):
        results(executor, [Echo(1)])
