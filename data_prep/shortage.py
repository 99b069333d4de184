"""Too little memory, too few processes or threads: how it shows, and what is said of it.

Nothing here is certain: a system ends what it has no memory for by SIGKILL, which others send too, and libraries turn a
failed allocation into errors of many kinds.
"""

from __future__ import annotations

import errno
import os
import re
import signal

from data_prep.errors import InputFileError, PipelineError
from data_prep.memory_limit import memory_limit

MEMORY = "give it more memory (`ulimit -v` shows a limit), or let less run beside it"
WORKERS = "use fewer --workers, or give it more memory (`ulimit -v` shows a limit)"
_SIGNS = re.compile(
    r"bad_alloc|MemoryError|out of memory|cannot allocate|can't allocate|unable to allocate|allocation.* fail"
    r"|failed to map segment|can't start new thread|pthread_create|memory exhausted"
    r"|Resource exhausted|failed to allocate|LLVM ERROR: (out of|Unable to alloc)|alloc failed|malloc",
    re.IGNORECASE,
)


class ShortageError(PipelineError):
    """This machine does not give the memory, the processes or the threads that are needed."""


def speaks_of_memory(text: str) -> bool:
    """Whether a message is that of an allocation, or of a start of a thread or process, that failed.

    >>> speaks_of_memory("terminate called after throwing an instance of 'std::bad_alloc'")
    True
    >>> speaks_of_memory("No such file or directory")
    False
    """
    return _SIGNS.search(text) is not None


def shortage(error: BaseException) -> ShortageError | None:
    """What to tell the user where an exception, or one that led to it, comes of too little memory; else nothing.

    Args:
        error: any.
    """
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        if isinstance(each, ShortageError):
            return each
        if isinstance(each, PipelineError) and not isinstance(each, InputFileError):
            return None  # it has a reason of its own
        if _is_one(each):
            return ShortageError(f"there is not enough memory{_in_brackets(each)}", remedy=MEMORY)
        each = each.__cause__ or each.__context__
    return None


def cannot_start(what: str, reason: int | OSError) -> ShortageError:
    """The error of a process that the system does not start.

    Args:
        what: the program or worker.
        reason: the system's.
    """
    number = reason.errno or 0 if isinstance(reason, OSError) else reason
    return ShortageError(
        f"{what} cannot be started: {os.strerror(number)}",
        remedy="let less run beside it, or raise the limits of processes and memory (`ulimit -u`, `ulimit -v`)",
    )


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
    told = next((line for line in reversed(lines) if speaks_of_memory(line)), lines[-1] if lines else "")
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


def _is_one(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    # EAGAIN is none of these: it is what a lock that another holds gives too.
    if isinstance(error, SystemError) and memory_limit() is not None:
        return True  # C code that did not look whether it got memory
    kind = type(error).__name__
    if kind in ("ResourceExhaustedError", "ArrowMemoryError"):
        return True
    return isinstance(error, RuntimeError | ImportError | SystemError | OSError) and speaks_of_memory(str(error))


def _in_brackets(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, ImportError):
        text = next((line.strip() for line in str(error).splitlines() if speaks_of_memory(line)), text)
    return f": {text[:200]}" if text else ""
