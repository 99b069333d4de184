"""Programs and workers: how they end, and that nothing of them lives on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from data_prep.errors import PipelineError, ToolNotFoundError
from data_prep.system import programs
from data_prep.system.programs import Children
from data_prep.system.worker import Worker
from tests.processes import running

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def gone(mark: str, seconds: float = 60.0) -> bool:
    """Whether they end; the time is a generous end of waiting."""
    limit = time.monotonic() + seconds
    while running(mark) and time.monotonic() < limit:
        time.sleep(0.02)
    return not running(mark)


def appeared(mark: str, number: int) -> bool:
    limit = time.monotonic() + 120
    while len(running(mark)) < number and time.monotonic() < limit:
        time.sleep(0.02)
    return len(running(mark)) >= number


def test_a_program_is_run_to_its_end(tmp_path: Path) -> None:
    ended = programs.run(["sh", "-c", "echo out; echo err >&2; pwd; exit 3"], folder=tmp_path)
    assert (ended.code, ended.output, ended.errors) == (3, f"out\n{tmp_path}\n", "err\n")
    assert programs.run(["sh", "-c", "kill -SEGV $$"]).code == -signal.SIGSEGV
    assert programs.run(["sh", "-c", "echo $A"], environment={"A": "b", "PATH": os.environ["PATH"]}).output == "b\n"
    assert programs.run(["cat"]).output == ""  # standard input is empty
    big = programs.run([sys.executable, "-c", "print('x' * 5_000_000)"])
    assert len(big.output) == 5_000_001


def test_signals_are_as_a_program_expects_them() -> None:
    code = "import signal as s; print(s.pthread_sigmask(0, []), s.getsignal(15) is s.SIG_DFL)"
    assert programs.run([sys.executable, "-c", code]).output == "set() True\n"


def test_what_cannot_be_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolNotFoundError, match="no-such-program not found"):
        programs.run(["no-such-program"])
    (tmp_path / "text").write_text("no program")
    with pytest.raises(PipelineError, match="text cannot be run: Permission denied"):
        programs.run([tmp_path / "text"])


def test_a_time_limit_ends_it_and_its_children() -> None:
    mark = f"MARK=late-{os.getpid()}"
    name, _, value = mark.partition("=")
    variables = {**os.environ, name: value}
    ended = programs.run(["sh", "-c", "echo begun; sleep 600 & sleep 600"], environment=variables, seconds=0.5)
    assert ended.late and ended.code == -signal.SIGKILL and ended.output == "begun\n"
    assert gone(mark)


def test_processor_time_is_limited() -> None:
    with Children() as children:
        ended = children.run([sys.executable, "-c", "while True: pass"], cpu_seconds=1)
    assert ended.code == -signal.SIGXCPU


def test_what_a_program_leaves_behind_is_ended(tmp_path: Path) -> None:
    mark = f"MARK=left-{os.getpid()}"
    variables = {**os.environ, "MARK": mark.partition("=")[2]}
    begin = time.monotonic()
    ended = programs.run(["sh", "-c", "sleep 600 & (setsid sleep 600 &) ; echo done"], environment=variables)
    assert (ended.code, ended.output) == (0, "done\n")
    assert time.monotonic() - begin < 300  # nobody waited for the sleepers
    assert gone(mark)


def test_leaving_the_group_ends_those_that_run(tmp_path: Path) -> None:
    mark = f"MARK=group-{os.getpid()}"
    variables = {**os.environ, "MARK": mark.partition("=")[2]}
    with ThreadPoolExecutor(2) as pool, pytest.raises(KeyboardInterrupt), Children() as children:
        command = ["sh", "-c", "sleep 600 & (setsid sleep 600 &) ; sleep 600"]
        futures = [pool.submit(children.run, command, environment=variables) for _ in range(2)]
        assert appeared(mark, 8)
        raise KeyboardInterrupt
    assert [future.result().code for future in futures] == [-signal.SIGKILL] * 2
    assert gone(mark)
    with pytest.raises(RuntimeError, match="after the end"):
        children.run(["true"])


CALLER = """
import sys
from data_prep.system import programs
from data_prep.system.worker import Worker
from tests.data_prep.system.test_programs import starts_a_program

if sys.argv[1] == "worker":
    Worker("it", starts_a_program).wait()
    sys.exit()
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool:
    # its thread ends, the program must not
    started = pool.submit(programs.Supervised, ["sh", "-c", "sleep 600 & (setsid sleep 600 &) ; sleep 600"]).result()
started.wait()
"""


def starts_a_program(pipe: Connection) -> None:
    """What a worker does."""
    programs.run(["sh", "-c", "sleep 600 & (setsid sleep 600 &) ; sleep 600"])


@pytest.mark.parametrize("mode", ["program", "worker"])
@pytest.mark.parametrize("victim_name", ["caller", "supervisor"])
def test_sigkill_to_who_asked_for_it_ends_all(mode: str, victim_name: str, tmp_path: Path) -> None:
    mark = f"MARK=kill-{mode}-{victim_name}-{os.getpid()}"
    variables = {**os.environ, "MARK": mark.partition("=")[2], "PYTHONPATH": str(ROOT)}
    caller = subprocess.Popen([sys.executable, "-c", CALLER, mode], env=variables, cwd=ROOT)
    try:
        assert appeared(mark, 5)
        victim = caller.pid
        if victim_name == "supervisor":
            children = [pid for pid in running(mark) if _parent(pid) == caller.pid]
            (victim,) = children
        os.kill(victim, signal.SIGKILL)
        if victim_name == "caller":
            caller.wait()
            assert gone(mark)
        else:
            # Who asked notices, and ends what the supervisor can no longer end: all but a daemon's own session.
            caller.wait(60)
            sessions = [pid for pid in running(mark) if os.getsid(pid) != pid]
            assert not sessions
    finally:
        for pid in running(mark):
            os.kill(pid, signal.SIGKILL)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def echoes(pipe: Connection, text: str) -> None:
    """What a worker does."""
    print("on standard output")  # noqa: T201
    pipe.send((text, pipe.recv()))


def fails(pipe: Connection, how: str) -> None:
    """What a worker does."""
    if how == "memory":
        raise MemoryError
    if how == "exit":
        os._exit(7)
    os.kill(os.getpid(), getattr(signal, how))


def test_a_worker_talks_through_its_pipe(capfd: pytest.CaptureFixture[str]) -> None:
    worker = Worker("one", echoes, "a")
    worker.pipe.send("b")
    assert worker.pipe.recv() == ("a", "b")
    assert worker.wait() == (0, "")
    assert worker.end() == (0, "")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("death", "code", "message"),
    [("exit", 7, ""), ("SIGSEGV", -11, ""), ("SIGTERM", -15, ""), ("memory", 1, "MemoryError")],
)
def test_a_worker_that_dies_closes_its_pipe_and_leaves_its_reason(death: str, code: int, message: str) -> None:
    worker = Worker("one", fails, death)
    with pytest.raises(EOFError):
        worker.pipe.recv()
    exit_code, stderr = worker.collect()
    assert exit_code == code
    assert stderr.strip().endswith(message)
    assert not worker.alive()


def test_workers_need_no_shared_memory() -> None:
    code = "import sys; import data_prep.system.worker; sys.exit('multiprocessing.synchronize' in sys.modules)"
    assert programs.run([sys.executable, "-c", code], folder=ROOT).code == 0
