"""What the machine lacks is told from what is wrong with a user's files."""

from __future__ import annotations

import errno
import pickle
import shutil
import signal
from pathlib import Path

import pytest

from data_prep.errors import ConfigurationError, InputFileError
from data_prep.system.machine import (
    DISK,
    FILES,
    FILES_OF_ALL,
    LACKS,
    MEMORY,
    PROCESSES,
    QUOTA,
    Lack,
    MachineError,
    cannot_start,
    lack_of_end,
    machine_fault,
    require_machine,
)


def _raised(outer: Exception, inner: BaseException | None) -> Exception:
    try:
        try:
            if inner is not None:
                raise inner
        finally:
            raise outer
    except type(outer) as error:
        return error


FULL = OSError(errno.ENOSPC, "No space left on device", "/out/x")


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        (FULL, DISK),
        (_raised(ValueError("no model"), FULL), DISK),
        (_raised(ValueError("no model"), _raised(KeyError("x"), OSError(errno.EDQUOT, "over"))), QUOTA),
        (RuntimeError("Unable to write (errno = 28, error message = 'No space left on device')"), DISK),
        (ValueError("database or disk is full"), DISK),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]), DISK),
        (OSError(errno.EMFILE, "Too many open files"), FILES),
        (RuntimeError("[Errno 24] Too many open files: 'x'"), FILES),
        (OSError(errno.ENFILE, "Too many open files in system"), FILES_OF_ALL),
        (RuntimeError("can't start new thread"), PROCESSES),
        (_raised(TypeError("x"), MemoryError()), MEMORY),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), MEMORY),
        (_raised(InputFileError("cannot be read"), MemoryError()), MEMORY),
        (type("ArrowMemoryError", (Exception,), {})("malloc of size 64 failed"), MEMORY),
    ],
)
def test_what_is_lacking_is_found_behind_other_errors(error: Exception, lack: Lack) -> None:
    fault = machine_fault(error)
    assert fault is not None
    assert fault.lack is lack


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no model"),
        OSError(errno.ENOENT, "No such file"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/out of memory/malloc.root"),
        BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
        InputFileError("the disk is full of sand"),
        _raised(ConfigurationError("it has a reason of its own"), MemoryError()),
    ],
)
def test_other_errors_are_none_of_the_machine(error: Exception) -> None:
    assert machine_fault(error) is None


def test_the_line_names_the_file_and_what_to_do() -> None:
    assert str(machine_fault(FULL)) == "/out/x: No space left on device (make room on it, then run it again)"
    assert str(machine_fault(MemoryError("Unable to allocate 7 GiB"), "a.root", less="take less")) == (
        "a.root: there is not enough memory: Unable to allocate 7 GiB "
        "(take less, or give it more memory (`ulimit -v` shows a limit))"
    )


def test_what_programs_say() -> None:
    require_machine("x.cpp:1: error: expected ';'", Path("x"), code=1)
    with pytest.raises(MachineError, match="/out: No space left on device") as caught:
        require_machine("cc.s: fatal error: can't write 12 bytes: No space left on device", Path("/out"))
    assert caught.value.lack is DISK
    with pytest.raises(MachineError, match="memory: cc1plus: out of memory") as caught:
        require_machine("cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes", Path("x"))
    assert caught.value.lack is MEMORY
    with pytest.raises(MachineError, match="memory: g.*Killed signal"):
        require_machine("x\ng++: fatal error: Killed signal terminated program cc1plus\n", Path("x"), code=1)


def test_how_processes_end() -> None:
    assert lack_of_end(-signal.SIGKILL) is MEMORY
    assert lack_of_end(-signal.SIGKILL, "OSError: Disk quota exceeded") is QUOTA
    assert lack_of_end(-signal.SIGTERM) is None
    with pytest.raises(MachineError, match=r"not enough memory: ended by signal 9 \(SIGKILL\)"):
        require_machine("", Path("x"), code=-signal.SIGKILL)


@pytest.mark.parametrize(("number", "lack"), [(errno.EAGAIN, PROCESSES), (errno.ENOMEM, MEMORY), (errno.EMFILE, FILES)])
def test_a_process_that_is_not_started(number: int, lack: Lack) -> None:
    error = cannot_start("g++", number)
    assert (error.lack, error.problem.startswith("g++ cannot be started: ")) == (lack, True)


@pytest.mark.parametrize("lack", LACKS)
def test_it_crosses_the_border_of_a_process(lack: Lack) -> None:
    error = MachineError(lack, "w: lacks it", file="x", less="take less")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(again), again.lack, str(again)) == (MachineError, lack, str(error))
    assert "{" not in str(error)
