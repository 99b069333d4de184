"""What a machine lacks: memory, room on a disk, open files, processes. How it shows, what is said of it, what to do.

Libraries turn it into errors of their own, as if the input were at fault, and a system ends what it has no memory for
by SIGKILL, which others send too. So it is looked for in three places: in an exception and those that led to it, in
what a program says, and in how a process ends.
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
"""How less is asked for at a time, where the command has the option."""


@dataclass(frozen=True)
class Lack:
    """One thing that a machine can lack.

    Attributes:
        what: what is said, as a clause.
        remedy: what to do about it, as a clause; `{less}` stands for how less is asked for at a time.
        numbers: of the system's errors that say so.
        words: the same in messages of programs and libraries, a pattern without regard to case.
        kinds: names of the exceptions that say so.
        quoted: whether the words of a message tell more than `what` does.
    """

    what: str
    remedy: str
    numbers: tuple[int, ...]
    words: str
    kinds: tuple[str, ...] = ()
    quoted: bool = False

    def advice(self, less: str = LESS) -> str:
        """The remedy.

        >>> MEMORY.advice("use fewer --workers")
        'use fewer --workers, or give it more memory (`ulimit -v` shows a limit)'
        """
        return self.remedy.format(less=less)

    def is_told(self, text: str) -> bool:
        """Whether a message says so.

        >>> MEMORY.is_told("terminate called after throwing an instance of 'std::bad_alloc'")
        True
        >>> MEMORY.is_told("No such file or directory")
        False
        """
        return re.search(self.words, text, re.IGNORECASE) is not None


DISK = Lack(
    what="No space left on device",
    remedy="make room on it, then run it again",
    numbers=(errno.ENOSPC,),
    words="no space left on device|disk is full",
)
QUOTA = Lack(
    what="Disk quota exceeded",
    remedy="make room within the quota, then run it again",
    numbers=(errno.EDQUOT,),
    words="disk quota exceeded",
)
FILES = Lack(
    what="this process may open no more files",
    remedy="raise the limit (`ulimit -n`)",
    numbers=(errno.EMFILE,),
    words="too many open files(?! in system)",
)
FILES_OF_ALL = Lack(
    what="this machine can open no more files",
    remedy="end other programs",
    numbers=(errno.ENFILE,),
    words="too many open files in system|file table overflow",
)
PROCESSES = Lack(
    what="no more threads or processes can be started",
    remedy="{less}, or raise the limits of processes and memory (`ulimit -u`, `ulimit -v`)",
    numbers=(),  # EAGAIN is what a lock that another holds gives too
    words="can't start new (thread|process)|pthread_create",
    quoted=True,
)
MEMORY = Lack(
    what="there is not enough memory",
    remedy="{less}, or give it more memory (`ulimit -v` shows a limit)",
    numbers=(errno.ENOMEM,),
    words=r"bad_alloc|\bMemoryError|out of memory|(cannot|can't|unable to|failed to) allocate|alloc.* fail|\bmalloc\b"
    r"|failed to map segment|memory exhausted|Resource exhausted|LLVM ERROR: Unable to alloc|Killed signal terminated",
    kinds=("MemoryError", "ResourceExhaustedError", "ArrowMemoryError"),
    quoted=True,
)
LACKS = (DISK, QUOTA, FILES, FILES_OF_ALL, PROCESSES, MEMORY)
ROOM = (DISK, QUOTA)


class MachineError(PipelineError):
    """What the machine lacks; no input is at fault.

    Args:
        lack: of `LACKS`.
        what: what is wrong, where more is known than `lack` says.
        file: what was read or written.
        less: how less is asked for at a time.
    """

    def __init__(self, lack: Lack, what: str = "", *, file: Path | str | None = None, less: str = LESS) -> None:
        super().__init__(what or lack.what, file=file, remedy=lack.advice(less))
        self.lack = lack

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.lack, self.what, self.file, self.remedy)

    def asking(self, less: str) -> MachineError:
        """The same, where less is asked for in another way."""
        return MachineError(self.lack, self.what, file=self.file, less=less)


def _rebuild(kind: type[MachineError], lack: Lack, what: str, file: str | None, remedy: str | None) -> MachineError:
    error = kind(lack, what, file=file)
    error.remedy = remedy
    return error


def machine_fault(
    error: BaseException | None, file: Path | str | None = None, *, less: str = LESS
) -> MachineError | None:
    """What the machine lacks, where an exception, or one that led to it, comes of that; else None.

    Args:
        error: what was raised.
        file: what was read or written meanwhile; that of the exception if none.
        less: how less is asked for at a time.

    >>> try:
    ...     raise ValueError("this model cannot be converted") from OSError(28, "No space left on device", "/tmp/x")
    ... except ValueError as raised:
    ...     print(machine_fault(raised))
    /tmp/x: No space left on device (make room on it, then run it again)
    >>> machine_fault(ValueError("no model")) is None
    True
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
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


def lack_told(text: str) -> Lack | None:
    """What the machine lacks by the message of a program; None where it speaks of nothing like that."""
    return next((each for each in LACKS if each.is_told(text)), None)


def lack_of_end(code: int, said: str = "") -> Lack | None:
    """What the machine lacks by the end of a process; None where it speaks of nothing like that.

    Args:
        code: its exit code; negative: the signal.
        said: its standard error.
    """
    return lack_told(said) or (MEMORY if code == -signal.SIGKILL else None)


def require_machine(said: str, file: Path, *, code: int = 0) -> None:
    """Make sure that a program did not fail for what the machine lacks.

    Args:
        said: what it said when it failed.
        file: what it was to make or read.
        code: its exit code, where SIGKILL can only come from others.

    Raises:
        MachineError: it did.
    """
    lack = lack_of_end(code, said)
    if lack is not None:
        raise MachineError(lack, _clause(lack, said or ending(code)), file=file)


def cannot_start(what: str, reason: int | OSError) -> MachineError:
    """The error of a process that the system does not start.

    Args:
        what: the program or worker.
        reason: the system's.
    """
    number = reason.errno or 0 if isinstance(reason, OSError) else reason
    lack = next((each for each in LACKS if number in each.numbers), PROCESSES)
    return MachineError(lack, f"{what} cannot be started: {os.strerror(number)}")


def ending(code: int, said: str = "") -> str:
    r"""How a process ended, as a clause.

    Args:
        code: its exit code; negative: the signal.
        said: the end of its standard error.

    >>> ending(-9)
    'ended by signal 9 (SIGKILL): out of memory?'
    >>> ending(-6, "LLVM ERROR: out of memory")
    'ended by signal 6 (SIGABRT): LLVM ERROR: out of memory'
    >>> ending(1, "Traceback …\nMemoryError")
    'ended with exit code 1: MemoryError'
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next((line for line in reversed(lines) if lack_told(line)), lines[-1] if lines else "")
    if code < 0:
        try:
            name = f" ({signal.Signals(-code).name})"
        except ValueError:
            name = ""
        told = told or ("out of memory?" if -code == signal.SIGKILL else "")
        how = f"ended by signal {-code}{name}"
    else:
        how = f"ended with exit code {code}"
    return f"{how}: {told[:200]}" if told else how


def _lack_of(error: BaseException) -> Lack | None:
    """What a single exception speaks of."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    number = error.errno if isinstance(error, OSError) else None
    for each in LACKS:
        if number in each.numbers or kinds & set(each.kinds):
            return each
    if isinstance(error, SystemError) and memory_limit() is not None:
        return MEMORY  # C code that did not look whether it got memory
    return lack_told(_text(error))


def _text(error: BaseException) -> str:
    if isinstance(error, shutil.Error):  # a copied tree collects what went wrong: (from, to, reason) a file
        return str(error.args[0][0][2])
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)  # without the name of the file
    return str(error)


def _clause(lack: Lack, text: str) -> str:
    """What is said, with the line of a message that tells more."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if not lines or not lack.quoted:
        return lack.what
    return f"{lack.what}: {next((line for line in lines if lack.is_told(line)), lines[0])[:200]}"


def _name(name: object) -> str | None:
    return os.fsdecode(name) if isinstance(name, str | bytes) else None
