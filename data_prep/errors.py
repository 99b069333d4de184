"""The errors a user can cause and mend: what is wrong, in which file, what to do.

Every error that the command line turns into one line is a `PipelineError`. Anything else that reaches the top is a
defect of this project and keeps its traceback.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path


class PipelineError(Exception):
    """Something the user can mend.

    Args:
        what: what is wrong, as a clause without a full stop.
        file: the file (or folder) in which it is wrong.
        remedy: what to do about it, as a clause without a full stop.
    """

    def __init__(self, what: str, *, file: Path | str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.file = None if file is None else str(file)
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.file}: " if self.file else ""
        todo = f" ({self.remedy})" if self.remedy else ""
        return " ".join(f"{where}{self.what}{todo}".split())

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders (worker pools), where keyword-only arguments are lost by default.
        return _rebuild, (type(self), self.what, self.file, self.remedy)


def _rebuild(kind: type[PipelineError], what: str, file: str | None, remedy: str | None) -> PipelineError:
    return kind(what, file=file, remedy=remedy)


class ConfigurationError(PipelineError):
    """A configuration file that cannot be used: unknown key, missing key, value out of range."""


class TrainingSettingsError(ConfigurationError):
    """What `train.yaml` asks for does not go with the network or the images."""


class InputFileError(PipelineError):
    """An input file that cannot be read or does not hold what is needed."""


class MachineError(PipelineError):
    """What the machine lacks: memory, threads, open files; the input is not at fault."""


class UnsupportedModelError(PipelineError):
    """A model that cannot be lowered exactly; the message names the layer and the reason."""


class ToolNotFoundError(PipelineError):
    """An external tool that a stage needs and that this machine does not have."""


class ProofFailedError(PipelineError):
    """Two forms of the same network gave different integers; the message shows the first difference."""


_LACKING = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_SAID = {
    "no space left on device": errno.ENOSPC,
    "disk is full": errno.ENOSPC,
    "disk quota exceeded": errno.EDQUOT,
    "too many open files": errno.EMFILE,
    "cannot allocate memory": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
    "virtual memory exhausted": errno.ENOMEM,
}
"""What programs and libraries say of it in their messages."""


def machine_fault(error: BaseException | None) -> OSError | MemoryError | None:
    """What the machine lacks, if that is why something failed: room on a disk, memory, open files.

    Libraries turn it into errors of their own, as if the input were at fault; so the causes are looked through.

    Args:
        error: what was raised.

    >>> try:
    ...     raise ValueError("this model cannot be converted") from OSError(28, "No space left on device", "/tmp/x")
    ... except ValueError as raised:
    ...     machine_fault(raised)
    OSError(28, 'No space left on device')
    >>> machine_fault(ValueError("no model")) is None
    True
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _LACKING):
            return error
        if not isinstance(error, PipelineError) and (told := _told(str(error))) is not None:
            return told
        error = error.__cause__ or error.__context__
    return None


def require_machine(said: str, file: Path) -> None:
    """Make sure that a program did not fail for what the machine lacks.

    Args:
        said: what it said when it failed.
        file: what it was to make or read.

    Raises:
        OSError: it lacked room on a disk, or open files.
        MemoryError: it lacked memory.
    """
    found = _told(said)
    if isinstance(found, OSError):
        found.filename = str(file)
    if found is not None:
        raise found


def _told(text: str) -> OSError | MemoryError | None:
    code = next((code for words, code in _SAID.items() if words in text.lower()), None)
    if code is None:
        return None
    return MemoryError() if code == errno.ENOMEM else OSError(code, os.strerror(code))
