"""Too little memory, at any limit: a line that says so, or the whole result; no traceback, and no end of waiting."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.system.machine import MEMORY, PROCESSES, lack_in_text, machine_fault

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "demo" / "images.yaml"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def limited(megabytes: int, *call: str) -> subprocess.Popen[str]:
    """A Python process with so much address space, as `ulimit -v` gives it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return subprocess.Popen(
        [sys.executable, *call],
        cwd=ROOT,
        preexec_fn=limit,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("megabytes", [60, 300, 560, 600, 720, 800, 1000])
def test_a_limit_is_named_or_enough(megabytes: int, tmp_path: Path) -> None:
    for name in ("q", "g", "w", "z", "t"):
        write_mock_file(tmp_path / f"{name}.root", mock_jets(name, 50, seed=4))
    files = [str(path) for path in tmp_path.glob("*.root")]
    call = ["-m", "pipeline", "images", "--config", str(CONFIG), *files, "--out", str(tmp_path / "out")]
    _, errors = limited(megabytes, *call, "--workers", "2").communicate(timeout=600)
    assert "Traceback" not in errors
    if not (tmp_path / "out").exists():
        last_line = errors.strip().splitlines()[-1]
        assert last_line.startswith("error")
        assert lack_in_text(last_line) in (MEMORY, PROCESSES) or "ulimit -v" in last_line, errors


ENDS = """
import os, signal, sys, time
from pipeline import limited_memory
limited_memory.PATIENCE = 1
def command():
    {statement}
    return 7
sys.exit(limited_memory.in_a_child_where_memory_is_limited(command))
"""


@pytest.mark.parametrize(
    ("statement", "code", "message"),
    [
        ("pass", 7, ""),
        ("os.abort()", 1, "error ended by signal 6 (SIGABRT) (4000 MB are allowed: "),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 1, "error ended by signal 11 (SIGSEGV) (4000 MB are allowed: "),
        ("os.kill(os.getpid(), signal.SIGTERM)", 130, ""),
    ],
)
def test_a_crash_is_told_by_who_waits_for_it(statement: str, code: int, message: str) -> None:
    process = limited(4000, "-c", ENDS.format(statement=statement))
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors[: len(message)]) == (code, message)
    assert len(errors.splitlines()) == bool(message)


def test_one_that_hears_no_signal_is_ended() -> None:
    deaf = "signal.pthread_sigmask(signal.SIG_BLOCK, [15]); print('deaf', flush=True); time.sleep(600)"
    process = limited(4000, "-c", ENDS.format(statement=deaf))
    assert process.stdout is not None and process.stdout.readline() == "deaf\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "error interrupted; it did not answer, run the same command to go on\n"


def test_a_shortage_is_seen_behind_another_error() -> None:
    try:
        try:
            raise RuntimeError("can't start new thread")
        except RuntimeError as error:
            raise ValueError("cannot be read") from error
    except ValueError as error:
        fault = machine_fault(error)
    assert fault is not None and "can't start new thread" in str(fault)
    assert machine_fault(ValueError("odd")) is None
    assert machine_fault(BlockingIOError(11, "Resource temporarily unavailable")) is None, "a lock gives that too"
