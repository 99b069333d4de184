"""Which files the user means: files, folders, patterns and URLs become one sorted list."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.readers.remote import RemoteFile, is_url

SUFFIXES = (".root", ".h5", ".hdf5")
"""How the files in a folder end that are taken from it."""


def input_files(arguments: Sequence[str], suffixes: Sequence[str] = SUFFIXES) -> list[Path]:
    """The input files, each once, sorted by name: their order on the command line does not matter.

    Args:
        arguments: files, folders (every file below them that ends right, hidden ones left out), glob patterns, or URLs
            (`https://`, `root://`) of single files.
        suffixes: how the files in a folder end.

    Raises:
        InputFileError: an argument that names nothing, or a URL of a kind that cannot be read.
    """
    found: dict[Path, Path] = {}
    for argument in arguments:
        if is_url(argument):
            remote = RemoteFile(argument)
            found.setdefault(remote, remote)
            continue
        path = Path(argument)
        if path.is_dir():
            below = (file for suffix in suffixes for file in path.rglob(f"*{suffix}"))
            matches = [file for file in below if not _hidden(file.relative_to(path))]
            if not matches:
                raise InputFileError(
                    f"holds no {' or '.join(suffixes)} file", file=path, remedy="give the folder of the jets' files"
                )
        elif path.exists():
            matches = [path]
        else:
            matches = [Path(match) for match in glob.glob(argument, recursive=True)]  # noqa: PTH207 - the pattern may be absolute
            matches = [match for match in matches if match.is_file()]
            if not matches:
                raise InputFileError("no such file", file=argument, remedy="check the path")
        for match in matches:
            found.setdefault(match.resolve(), match)
    return sorted(found.values(), key=lambda path: (path.name, str(path)))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
