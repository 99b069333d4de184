"""Shortages of a machine: memory, disk space, open files, processes. How they are recognised, message and remedy.

Libraries turn them into errors of their own, as if the input were at fault, and the system ends processes by SIGKILL
when memory runs out, a signal that has other senders too. Shortages are therefore recognised in three places: in an
exception and its causes, in the output of a program, and in the exit code of a process.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import InputFileError, PipelineError
from data_prep.system.memory_limit import memory_limit

LESS = "run fewer other programs"
WORKERS = "use fewer --workers"
"""The remedy by a smaller load, where the command has the option."""


@dataclass(frozen=True)
class Lack:
    """A resource that a machine lacks.

    Attributes:
        message: for the user, as a clause.
        remedy: as a clause; `{less}` stands for the way to a smaller load.
        numbers: the system's error numbers of it.
        words: a pattern for messages of programs and libraries about it; case is ignored.
        exceptions: names of exceptions that mean it.
        quoted: whether the message of a program or library is added to `message`.
    """

    message: str
    remedy: str
    numbers: tuple[int, ...]
    words: str
    exceptions: tuple[str, ...] = ()
    quoted: bool = False

    def advice(self, less: str = LESS) -> str:
        """The remedy.

        >>> MEMORY.advice("use fewer --workers")
        'use fewer --workers, or give it more memory (`ulimit -v` shows a limit)'
        """
        return self.remedy.format(less=less)

    def is_in(self, text: str) -> bool:
        """Whether a message of a program or library is about it.

        >>> MEMORY.is_in("terminate called after throwing an instance of 'std::bad_alloc'")
        True
        >>> MEMORY.is_in("No such file or directory")
        False
        """
        return re.search(self.words, text, re.IGNORECASE) is not None


DISK = Lack(
    message="No space left on device",
    remedy="make room on it, then run it again",
    numbers=(errno.ENOSPC,),
    words="no space left on device|disk is full",
)
QUOTA = Lack(
    message="Disk quota exceeded",
    remedy="make room within the quota, then run it again",
    numbers=(errno.EDQUOT,),
    words="disk quota exceeded",
)
FILES = Lack(
    message="this process may open no more files",
    remedy="raise the limit (`ulimit -n`)",
    numbers=(errno.EMFILE,),
    words="too many open files(?! in system)",
)
FILES_OF_ALL = Lack(
    message="this machine can open no more files",
    remedy="end other programs",
    numbers=(errno.ENFILE,),
    words="too many open files in system|file table overflow",
)
PROCESSES = Lack(
    message="no more threads or processes can be started",
    remedy="{less}, or raise the limits of processes and memory (`ulimit -u`, `ulimit -v`)",
    numbers=(),  # EAGAIN also means a lock that another process holds
    words="can't start new (thread|process)|pthread_create",
    quoted=True,
)
MEMORY = Lack(
    message="there is not enough memory",
    remedy="{less}, or give it more memory (`ulimit -v` shows a limit)",
    numbers=(errno.ENOMEM,),
    words=r"bad_alloc|\bMemoryError|out of memory|(cannot|can't|unable to|failed to) allocate|alloc.* fail|\bmalloc\b"
    r"|failed to map segment|memory exhausted|Resource exhausted|LLVM ERROR: Unable to alloc|Killed signal terminated",
    exceptions=("MemoryError", "ResourceExhaustedError", "ArrowMemoryError"),
    quoted=True,
)
LACKS = (DISK, QUOTA, FILES, FILES_OF_ALL, PROCESSES, MEMORY)
ROOM = (DISK, QUOTA)


class MachineError(PipelineError):
    """A shortage of the machine; no input is at fault.

    Args:
        lack: one of `LACKS`.
        problem: the message, where it is more specific than that of `lack`.
        file: the file that was read or written.
        less: the way to a smaller load, for the remedy.
    """

    def __init__(self, lack: Lack, problem: str = "", *, file: Path | str | None = None, less: str = LESS) -> None:
        super().__init__(problem or lack.message, file=file, remedy=lack.advice(less))
        self.lack = lack

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.lack, self.problem, self.file, self.remedy)

    def with_remedy(self, less: str) -> MachineError:
        """The same error with another way to a smaller load in its remedy."""
        return MachineError(self.lack, self.problem, file=self.file, less=less)


def _rebuild(
    error_class: type[MachineError], lack: Lack, problem: str, file: str | None, remedy: str | None
) -> MachineError:
    error = error_class(lack, problem, file=file)
    error.remedy = remedy
    return error


def machine_fault(
    error: BaseException | None, file: Path | str | None = None, *, less: str = LESS
) -> MachineError | None:
    """The shortage of the machine that caused an exception, directly or through its causes; None for other exceptions.

    Args:
        error: the exception.
        file: the file that was read or written meanwhile; by default that of the exception.
        less: the way to a smaller load, for the remedy.

    >>> try:
    ...     raise ValueError("this model cannot be converted") from OSError(28, "No space left on device", "/tmp/x")
    ... except ValueError as raised:
    ...     print(machine_fault(raised))
    /tmp/x: No space left on device (make room on it, then run it again)
    >>> machine_fault(ValueError("no model")) is None
    True
    """
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        visited.add(id(error))
        if isinstance(error, MachineError):
            return error
        if isinstance(error, PipelineError):
            if not isinstance(error, InputFileError):
                return None  # it has a reason of its own
        elif (lack := _lack_of(error)) is not None:
            name = error.filename if isinstance(error, OSError) else None
            return MachineError(lack, _clause(lack, _text(error)), file=file or _name(name), less=less)
        error = error.__cause__ or error.__context__
    return None


def lack_in_text(text: str) -> Lack | None:
    """The shortage that the message of a program is about; None if there is none."""
    return next((lack for lack in LACKS if lack.is_in(text)), None)


def lack_of_end(code: int, stderr: str = "") -> Lack | None:
    """The shortage that ended a process; None if there is none.

    Args:
        code: its exit code; negative: the signal.
        stderr: its standard error.
    """
    return lack_in_text(stderr) or (MEMORY if code == -signal.SIGKILL else None)


def require_machine(stderr: str, file: Path, *, code: int = 0) -> None:
    """Make sure that a program did not fail because of a shortage of the machine.

    Args:
        stderr: its standard error.
        file: the file that it was to make or read.
        code: its exit code, where this project does not send SIGKILL itself.

    Raises:
        MachineError: it did.
    """
    lack = lack_of_end(code, stderr)
    if lack is not None:
        raise MachineError(lack, _clause(lack, stderr or ending(code)), file=file)


def cannot_start(program: str, reason: int | OSError) -> MachineError:
    """The error for a process that the system does not start.

    Args:
        program: the program or worker.
        reason: the system's error or its number.
    """
    number = reason.errno or 0 if isinstance(reason, OSError) else reason
    lack = next((known for known in LACKS if number in known.numbers), PROCESSES)
    return MachineError(lack, f"{program} cannot be started: {os.strerror(number)}")


def ending(code: int, stderr: str = "") -> str:
    r"""How a process ended, as a clause.

    Args:
        code: its exit code; negative: the signal.
        stderr: the end of its standard error.

    >>> ending(-9)
    'ended by signal 9 (SIGKILL): out of memory?'
    >>> ending(-6, "LLVM ERROR: out of memory")
    'ended by signal 6 (SIGABRT): LLVM ERROR: out of memory'
    >>> ending(1, "Traceback …\nMemoryError")
    'ended with exit code 1: MemoryError'
    """
    lines = [text.strip() for text in stderr.splitlines() if text.strip()]
    line = next((text for text in reversed(lines) if lack_in_text(text)), lines[-1] if lines else "")
    if code < 0:
        try:
            name = f" ({signal.Signals(-code).name})"
        except ValueError:
            name = ""
        line = line or ("out of memory?" if -code == signal.SIGKILL else "")
        end = f"ended by signal {-code}{name}"
    else:
        end = f"ended with exit code {code}"
    return f"{end}: {line[:200]}" if line else end


def _lack_of(error: BaseException) -> Lack | None:
    """The shortage that an exception means, without its causes."""
    parents = {parent.__name__ for parent in type(error).__mro__}
    number = error.errno if isinstance(error, OSError) else None
    for lack in LACKS:
        if number in lack.numbers or parents & set(lack.exceptions):
            return lack
    if isinstance(error, SystemError) and memory_limit() is not None:
        return MEMORY  # C code that did not check an allocation
    return lack_in_text(_text(error))


def _text(error: BaseException) -> str:
    if isinstance(error, shutil.Error):  # copying a tree collects errors: (from, to, reason) for each file
        return str(error.args[0][0][2])
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)  # without the name of the file
    return str(error)


def _clause(lack: Lack, text: str) -> str:
    """The message of a shortage, with the line of a program's output about it."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if not lines or not lack.quoted:
        return lack.message
    return f"{lack.message}: {next((line for line in lines if lack.is_in(line)), lines[0])[:200]}"


def _name(name: object) -> str | None:
    return os.fsdecode(name) if isinstance(name, str | bytes) else None
