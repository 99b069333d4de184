"""Whatever goes wrong inside a file library becomes one line that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_prep.errors import InputFileError, PipelineError
from data_prep.readers.remote import RemoteFile

DAMAGED = "the file is damaged or cut short: copy or make it again"
"""The remedy for a file that contradicts itself."""
FAR = "check the network and that its server gives ranges of bytes, or copy the file here"
"""The remedy for a file behind a URL."""


@contextmanager
def faults(file: Path) -> Iterator[None]:
    """Turn any exception within into an `InputFileError`; those of ours pass.

    Raises:
        InputFileError: naming the file and the library's reason.
    """
    try:
        yield
    except PipelineError:
        raise
    except PermissionError:
        raise InputFileError("may not be read", file=file, remedy="change its permissions") from None
    except Exception as error:  # noqa: BLE001 - what a damaged file does inside a library cannot be listed
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0][:200].rstrip(' ,:')}" if lines else type(error).__name__
        remedy = FAR if isinstance(file, RemoteFile) else DAMAGED
        raise InputFileError(f"cannot be read ({reason})", file=file, remedy=remedy) from None
