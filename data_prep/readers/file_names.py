"""The names of the input files of a dataset; the positions of its jets refer to them by number."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.readers.remote import RemoteFile

FILES = "files.json"
"""The names of the input files of a dataset, in their order."""


def file_names(files: Iterable[Path]) -> list[str]:
    """Unambiguous names of input files: their paths below the folder that holds them all.

    >>> file_names([Path("/data/a/x.root"), Path("/data/b/x.root")]), file_names([Path("/data/a/x.root")])
    (['a/x.root', 'b/x.root'], ['x.root'])
    """
    paths = list(files)
    local = [path.absolute() for path in paths if not isinstance(path, RemoteFile)]
    common = os.path.commonpath([path.parent for path in local]) if local else ""
    return [
        str(path) if isinstance(path, RemoteFile) else path.absolute().relative_to(common).as_posix() for path in paths
    ]


def write_file_names(files: Iterable[Path], dataset: Path) -> None:
    """Write `files.json` into a dataset."""
    text = json.dumps(file_names(files), indent=1, ensure_ascii=False)
    (dataset / FILES).write_text(f"{text}\n", encoding="utf-8")


def read_file_names(dataset: Path) -> list[str]:
    """The names in `files.json` of a dataset; an empty list where there is no such file.

    Raises:
        InputFileError: it is no list of names.
    """
    path = dataset / FILES
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise InputFileError(f"holds no names of files: {error}", file=path, remedy="run `images` again") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputFileError("holds no names of files", file=path, remedy="run `images` again")
    return names
