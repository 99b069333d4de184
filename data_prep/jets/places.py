"""Where jets stand in the input files: file, entry, index in the entry, by which anything can be joined to them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.readers.remote import RemoteFile

FILES = "files.json"
"""The names of the input files of a dataset, in their order."""


@dataclass(frozen=True)
class JetPlaces:
    """Places of jets, one a row.

    Attributes:
        file: uint32 [n], the number of the input file.
        entry: int64 [n], the entry in it.
        jet: uint16 [n], the index among the jets of the entry; 0 where each entry is a jet.
    """

    file: npt.NDArray[np.uint32]
    entry: npt.NDArray[np.int64]
    jet: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return self.entry.size

    def take(self, rows: npt.NDArray[np.int64] | slice) -> JetPlaces:
        """The places of the given jets, in their order."""
        return JetPlaces(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[JetPlaces]) -> JetPlaces:
        """The places of all parts, in their order; at least one."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @classmethod
    def of_file(cls, number: int, entry: npt.NDArray[np.int64], jet: npt.NDArray[np.integer[Any]]) -> JetPlaces:
        """Places of jets of one file."""
        return cls(np.full(entry.size, number, np.uint32), entry, jet.astype(np.uint16))


def file_names(files: Iterable[Path]) -> list[str]:
    """Names that tell input files apart, wherever they lie: their paths below the folder that holds them all.

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
    """What `files.json` of a dataset says; nothing where there is none.

    Raises:
        InputFileError: it holds something else.
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
