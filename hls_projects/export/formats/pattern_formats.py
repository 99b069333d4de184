"""The formats of pattern files, by the names of their folders in a bundle; any of them is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from data_prep.errors import InputFileError
from hls_projects.export.formats import apx_patterns, emp_patterns
from hls_projects.export.links.frames import LinkFrames

Write = Callable[[LinkFrames, Path], None]
Read = Callable[[Path], LinkFrames]

FORMATS: dict[str, tuple[Write, Read]] = {
    "emp_v1": (emp_patterns.write_v1, emp_patterns.read_v1),
    "emp_v2": (emp_patterns.write_v2, emp_patterns.read_v2),
    "apx": (apx_patterns.write, apx_patterns.read),
}
"""Writer and reader of each."""
_BEGINS = {"Board ": "emp_v1", "ID: ": "emp_v2", "#Sideband": "apx", "#LinkLabel": "apx"}


def read(file: Path) -> LinkFrames:
    """Read a pattern file whose format its first line tells.

    Raises:
        InputFileError: it cannot be read, is of no known format, or a line is not what it should be.
    """
    try:
        with file.open(encoding="ascii", errors="replace") as stream:
            for line in stream:
                for begin, name in _BEGINS.items():
                    if line.lstrip().startswith(begin):
                        return FORMATS[name][1](file)
                if line.strip() and not line.startswith("#"):
                    break
    except FileNotFoundError:
        raise InputFileError("no such file", file=file) from None
    except OSError as error:
        raise InputFileError(f"cannot be read: {error}", file=file) from None
    raise InputFileError("is not a pattern file of EMP or APx", file=file, remedy="give one as a board writes it")
