"""Errors of file libraries as one line that names the file.

Shortages of the machine (memory, threads, open files, network) are distinguished from faults of the file: only in the
latter case the message says that the file is damaged.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_prep.errors import InputFileError, PipelineError
from data_prep.readers.remote import RemoteFile
from data_prep.system.machine import machine_fault

DAMAGED = "the file is damaged or cut short: copy or make it again"
"""The remedy for a file that contradicts itself."""
FAR = "check the network and that its server gives ranges of bytes, or copy the file to this machine"
"""The remedy for a file behind a URL."""

LESS = "let less run at a time (a smaller chunk_jets in images.yaml, fewer --workers)"
"""The remedy where the machine lacks memory."""

_DISK = {
    errno.EIO: "the disk cannot read it",
    errno.ESTALE: "it was replaced or removed on its server while it was read",
    errno.ETIMEDOUT: "its server does not answer",
    errno.ENOTCONN: "its disk is not mounted any more",
    errno.EREMOTEIO: "its server does not send it",
}
"""What is wrong with a disk or its server, by error number."""
_TYPES = ("UnknownInterpretation", "CannotBeAwkward", "CannotBeStrided", "NotNumerical")
"""Exceptions of uproot for a branch of a C++ type that it cannot read as arrays."""


@contextmanager
def faults(file: Path) -> Iterator[None]:
    """Turn any exception within into a `PipelineError`; errors that are one already pass.

    Raises:
        InputFileError: naming the file and the library's reason.
        MachineError: the machine lacks memory, threads or open files.
    """
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:  # noqa: BLE001 - what a damaged file does inside a library cannot be listed
        raise _pipeline_error(error, file) from None


def _pipeline_error(error: Exception, file: Path) -> PipelineError:
    lines = str(error).strip().splitlines()
    text = lines[0][:200].rstrip(" ,:") if lines else ""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, PermissionError):
        return InputFileError("may not be read", file=file, remedy="change its permissions")
    shortage = machine_fault(error, file, less=LESS)
    if shortage is not None:
        return shortage
    if isinstance(error, FileNotFoundError) and not isinstance(file, RemoteFile):
        return InputFileError("does not exist any more", file=file, remedy="check the path")
    if isinstance(error, IsADirectoryError):
        return InputFileError("is a folder", file=file, remedy="give the files in it")
    if isinstance(error, ImportError):
        return InputFileError(f"needs a Python package that is not installed ({text})", file=file, remedy="install it")
    if type(error).__name__ in _TYPES:
        return InputFileError(
            f"has a branch of a type that cannot be read ({text})",
            file=file,
            remedy="write it as numbers or lists of numbers, or name another branch in images.yaml",
        )
    if "unable to lock file" in text:
        return InputFileError(
            "is locked by a process that writes it, or its disk has no locks",
            file=file,
            remedy="wait for that process; where there is none, set HDF5_USE_FILE_LOCKING=FALSE in the environment",
        )
    if "already open for write" in text:
        return InputFileError(
            "is marked as being written: by a process, or by one that was stopped in between",
            file=file,
            remedy="wait for that process; where there is none, run `h5clear -s` on a copy",
        )
    if number in _DISK:
        return InputFileError(f"{_DISK[number]} ({text})", file=file, remedy="try again, or copy it to another disk")
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return InputFileError(
        f"cannot be read ({reason})", file=file, remedy=FAR if isinstance(file, RemoteFile) else DAMAGED
    )
