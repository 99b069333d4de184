"""What the machine lacks is told from what is wrong with a user's files."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from data_prep.errors import InputFileError, machine_fault, require_machine


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
    ("error", "code"),
    [
        (FULL, errno.ENOSPC),
        (_raised(ValueError("no model"), FULL), errno.ENOSPC),
        (_raised(ValueError("no model"), _raised(KeyError("x"), OSError(errno.EDQUOT, "over"))), errno.EDQUOT),
        (RuntimeError("Unable to write (errno = 28, error message = 'No space left on device')"), errno.ENOSPC),
        (ValueError("database or disk is full"), errno.ENOSPC),
        (OSError(errno.EMFILE, "Too many open files"), errno.EMFILE),
    ],
)
def test_a_full_disk_is_found_behind_other_errors(error: Exception, code: int) -> None:
    found = machine_fault(error)
    assert isinstance(found, OSError)
    assert found.errno == code


def test_memory_is_found() -> None:
    assert isinstance(machine_fault(_raised(TypeError("x"), MemoryError())), MemoryError)
    with pytest.raises(MemoryError):
        require_machine("cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes", Path("x"))


@pytest.mark.parametrize(
    "error", [ValueError("no model"), OSError(errno.ENOENT, "No such file"), InputFileError("the disk is full of sand")]
)
def test_other_errors_are_none_of_the_machine(error: Exception) -> None:
    assert machine_fault(error) is None


def test_what_programs_say() -> None:
    require_machine("x.cpp:1: error: expected ';'", Path("x"))
    with pytest.raises(OSError, match="No space left on device: '/out'") as caught:
        require_machine("cc.s: fatal error: can't write 12 bytes: No space left on device", Path("/out"))
    assert caught.value.errno == errno.ENOSPC
