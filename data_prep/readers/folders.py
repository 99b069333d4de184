"""Files below a folder and files that a pattern matches: links are followed, and what is left out is told."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Warn = Callable[[str], object]

MAGIC = re.compile(r"[*?[]")
"""What makes a name a pattern."""
ANYWHERE = "**"
"""The part of a pattern that stands for any number of folders, one in another."""
_NAMED = 3
"""Files that are named one by one where several are left out."""


def listing(folder: Path, warn: Warn) -> list[str]:
    """The names of what is in a folder, sorted; none, and a warning, where it may not be read."""
    try:
        if not os.access(folder, os.X_OK):
            raise PermissionError(0, "its files may not be opened")
        return sorted(os.listdir(folder))  # noqa: PTH208 - ten thousand names are matched before a path is made of one
    except FileNotFoundError:
        return []  # removed in between
    except OSError as error:
        warn(f"{folder}: the folder is left out, it cannot be read ({error.strerror})")
        return []


def folders_below(folder: Path, warn: Warn) -> list[Path]:
    """The folder and all below it, links followed; one that is reached in several ways, as in a circle, once.

    Hidden folders are left out, those that may not be read with a warning.
    """
    seen: set[tuple[int, int]] = set()
    found: list[Path] = []
    # folders before links to them, so that a file is called by its own path where it has one
    direct, linked = [folder], list[Path]()
    while direct or linked:
        each = direct.pop() if direct else linked.pop()
        try:
            status = each.stat()
        except OSError:
            continue  # removed in between
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        found.append(each)
        for name in reversed(listing(each, warn)):
            if not name.startswith(".") and is_folder(each / name):
                (linked if (each / name).is_symlink() else direct).append(each / name)
    return found


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name, or a link to one, that can be looked at."""
    try:
        return path.is_dir()
    except OSError:  # a circle of links
        return False


def files_below(folder: Path, suffixes: Sequence[str], warn: Warn) -> list[Path]:
    """The files below a folder whose names end as wanted, in any case and with a number behind: `a.ROOT`, `a.root.1`.

    What looks like one and is not taken (hidden, `a.root.gz`, `a.root.part`) is named in one warning.

    Args:
        folder: the folder; links below it are followed.
        suffixes: as `.root`.
        warn: called with what is left out.
    """
    either = "|".join(re.escape(suffix) for suffix in suffixes)
    wanted, alike = (re.compile(f"({either}){rest}", re.IGNORECASE) for rest in (r"(\.\d+)?$", r"(?![a-z0-9])"))
    taken: list[Path] = []
    left: list[Path] = []
    for each in folders_below(folder, warn):
        for name in listing(each, lambda _: None):
            if not alike.search(name) or is_folder(each / name):
                continue
            (taken if wanted.search(name) and not name.startswith(".") else left).append(each / name)
    if left:
        names = ", ".join(str(path.relative_to(folder)) for path in left[:_NAMED])
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        how = f"hidden, or not ending in {', '.join(suffixes)}"
        which, it = (f"{len(left)} files", "them") if len(left) > 1 else ("1 file", "it")
        warn(f"{folder}: {which} left out ({how}): {names}{more}; name {it} to take {it}")
    return taken


def matching(pattern: str, warn: Warn) -> list[Path]:
    """The files and folders that a pattern matches, hidden ones only where it says so.

    A part of it that exists as it stands is taken as it stands: `run[1]/*.root` is of the folder `run[1]` if there is
    one.

    Args:
        pattern: `*`, `?`, `[…]`, and `**` for any number of folders.
        warn: called with folders that may not be read.
    """
    path = Path(pattern)
    found: Iterable[Path] = [Path(path.anchor)]
    for part in path.parts[bool(path.anchor) :]:
        if part == ANYWHERE:
            found = [below for each in found for below in folders_below(each, warn)]
        else:
            found = [match for each in found for match in _step(each, part, warn)]
    return list(dict.fromkeys(found))


def _step(folder: Path, part: str, warn: Warn) -> list[Path]:
    if exists(folder / part):
        return [folder / part]
    if not MAGIC.search(part) or not is_folder(folder):
        return []
    hidden = part.startswith(".")
    names = fnmatch.filter(listing(folder, warn), part)
    return [folder / name for name in names if hidden or not name.startswith(".")]


def exists(path: Path) -> bool:
    """Whether there is anything of this name, a link that leads nowhere too."""
    try:
        path.lstat()
    except (OSError, ValueError):  # also a name that is too long, or holds a zero byte
        return False
    return True
