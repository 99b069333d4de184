"""`licences/`: the authors of the files of a bundle, and the terms under which they may be passed on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path

from data_prep.errors import PipelineError
from data_prep.settings import Settings

FOLDER = "licences"
APACHE = "Apache-2.0.txt"
"""The licence of the files of this project."""


class Licence(Settings):
    """The terms of some files."""

    work: str
    """Whose work they are, with its version."""
    licence: str
    """SPDX identifier, or words where there is none."""
    files: str
    """Which files."""
    text: str
    """File of the licence's text; empty where there is none."""


@dataclass(frozen=True)
class _Work:
    """Someone else's work.

    Attributes:
        name: of the work.
        package: distribution that it comes from.
        licence: SPDX identifier.
        text: file of the licence in the distribution.
        patterns: of its files in a bundle.
        files: the same in words.
    """

    name: str
    package: str
    licence: str
    text: str
    patterns: tuple[str, ...]
    files: str


_WORKS = (
    _Work(
        "hls4ml",
        "hls4ml",
        "Apache-2.0",
        "LICENSE",
        ("*/nnet_utils/*", "hls/*"),
        "`nnet_utils/` unchanged, and what it writes of the network: the rest of `hls/`, and what is made of it",
    ),
    _Work(
        "HLS arbitrary precision types by Xilinx, as hls4ml brings them",
        "hls4ml",
        "Apache-2.0",
        "LICENSE",
        ("*/ap_types/*",),
        "`ap_types/`, unchanged",
    ),
    _Work(
        "alkaid, the RTL compiler",
        "alkaid",
        "LGPL-3.0-or-later",
        "LICENSE",
        tuple(f"*/{name}.v*" for name in ("binop", "multiplier", "mux", "negative", "shift_adder", "ternary_adder")),
        "`binop`, `multiplier`, `mux`, `negative`, `shift_adder`, `ternary_adder` in `rtl/` and `emp/`, unchanged but "
        "for `negative.v`, without two directives to Verilator; the modules around them are its output",
    ),
)
_OURS = Licence(
    work="the project that made this bundle",
    licence="Apache-2.0",
    files="everything else",
    text=f"{FOLDER}/{APACHE}",
)


def write(root: Path) -> None:
    """Copy the texts of the licences that the files written so far are under."""
    folder = root / FOLDER
    folder.mkdir()
    for work in _found(root):
        shutil.copyfile(_text(work), folder / _name(work))
    shutil.copyfile(apache(), folder / APACHE)


def apache() -> Path:
    """The text of the Apache License 2.0, which names no author."""
    return _text(_WORKS[0])


def notes(root: Path) -> tuple[Licence, ...]:
    """The licences of the works of others in a bundle, and of the rest."""
    sections = [
        Licence(
            work=f"{work.name} ({work.package} {metadata.version(work.package)})",
            licence=work.licence,
            files=work.files,
            text=f"{FOLDER}/{_name(work)}",
        )
        for work in _found(root)
    ]
    return (*sections, _OURS)


def _found(root: Path) -> Iterator[_Work]:
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    for work in _WORKS:
        if any(fnmatchcase(name, pattern) for name in names for pattern in work.patterns):
            yield work


def _name(work: _Work) -> str:
    return f"{work.package}.txt"


def _text(work: _Work) -> Path:
    """The text of a licence, from the distribution of the work."""
    for file in metadata.files(work.package) or ():
        if file.name == work.text and "templates" not in file.parts:
            return Path(str(file.locate()))
    raise PipelineError(f"{work.package} brings no {work.text}", remedy="install the requirements again: `make setup`")
