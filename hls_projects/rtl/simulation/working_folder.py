"""A folder whose path the simulators accept, whatever folder the user works in."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from data_prep.errors import PipelineError

_TAKEN = re.compile(r"[ !#-\[\]-~]*")
"""Quotes, backslashes, line breaks and what is no ASCII are written into `line directives, libraries and JSON by
Verilator and GHDL in a way that they, or JSON, cannot read."""

Held = tempfile.TemporaryDirectory[str] | None
"""A temporary folder, which is removed with its last reference."""


def is_taken(path: Path) -> bool:
    """Whether the tools take a path.

    >>> [is_taken(Path(text)) for text in ("/a b/$c#%'d;[e]", '/a"b', "/a" + chr(92) + "b")]
    [True, False, False]
    """
    return _TAKEN.fullmatch(str(path.resolve())) is not None


def working_folder(folder: Path) -> tuple[Path, Held]:
    """The folder, made if it is not there, where the tools take its path; else a temporary one.

    Args:
        folder: where a tool is to work.

    Returns:
        An absolute path, and what holds it as long as it is needed.

    Raises:
        PipelineError: where the path of temporary files is not taken either.
    """
    if is_taken(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return folder.absolute(), None
    held = tempfile.TemporaryDirectory()
    if not is_taken(Path(held.name)):
        raise PipelineError(
            "the simulators take paths of ASCII only, without quotes and backslashes",
            file=folder,
            remedy="set TMPDIR to a folder of that kind",
        )
    return Path(held.name), held
