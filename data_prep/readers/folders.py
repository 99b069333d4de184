"""Files below a folder and files that a pattern matches: links are followed, and warnings name what is left out."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Warn = Callable[[str], object]

MAGIC = re.compile(r"[*?[]")
"""Characters that make a name a pattern."""
ANYWHERE = "**"
"""The part of a pattern that stands for any number of nested folders."""
_NAMED = 3
"""Largest number of names in a warning."""


def listing(folder: Path, warn: Warn) -> list[str]:
    """The names in a folder, sorted; none, and a warning, where it may not be read."""
    try:
        if not os.access(folder, os.X_OK):
            raise PermissionError(0, "its files may not be opened")
        return sorted(os.listdir(folder))  # noqa: PTH208 - ten thousand names are matched before a path is made of one
    except FileNotFoundError:
        return []  # removed meanwhile
    except OSError as error:
        warn(f"{folder}: the folder is left out, it cannot be read ({error.strerror})")
        return []


def folders_below(folder: Path, warn: Warn) -> list[Path]:
    """The folder and all below it, links followed; each once, even where several paths or a circle of links lead to it.

    Hidden folders are left out, those that may not be read with a warning.
    """
    visited: set[tuple[int, int]] = set()
    folders: list[Path] = []
    # folders before links to them, so that files are named by their own path
    direct, linked = [folder], list[Path]()
    while direct or linked:
        current = direct.pop() if direct else linked.pop()
        try:
            status = current.stat()
        except OSError:
            continue  # removed meanwhile
        if (status.st_dev, status.st_ino) in visited:
            continue
        visited.add((status.st_dev, status.st_ino))
        folders.append(current)
        for name in reversed(listing(current, warn)):
            if not name.startswith(".") and is_folder(current / name):
                (linked if (current / name).is_symlink() else direct).append(current / name)
    return folders


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name, or a link to one, that is accessible."""
    try:
        return path.is_dir()
    except OSError:  # a circle of links
        return False


def files_below(folder: Path, suffixes: Sequence[str], warn: Warn) -> list[Path]:
    """The files below a folder with one of the suffixes, in any case, or followed by a number: `a.ROOT`, `a.root.1`.

    Similar files that are not taken (hidden, `a.root.gz`, `a.root.part`) are named in one warning.

    Args:
        folder: the folder; links below it are followed.
        suffixes: as `.root`.
        warn: called for files that are left out.
    """
    endings = "|".join(re.escape(suffix) for suffix in suffixes)
    accepted_name, similar_name = (
        re.compile(f"({endings}){suffix}", re.IGNORECASE) for suffix in (r"(\.\d+)?$", r"(?![a-z0-9])")
    )
    accepted: list[Path] = []
    left_out: list[Path] = []
    for subfolder in folders_below(folder, warn):
        for name in listing(subfolder, lambda _: None):
            if not similar_name.search(name) or is_folder(subfolder / name):
                continue
            (accepted if accepted_name.search(name) and not name.startswith(".") else left_out).append(subfolder / name)
    if left_out:
        names = ", ".join(str(path.relative_to(folder)) for path in left_out[:_NAMED])
        omitted = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        reason = f"hidden, or not ending in {', '.join(suffixes)}"
        count, pronoun = (f"{len(left_out)} files", "them") if len(left_out) > 1 else ("1 file", "it")
        warn(f"{folder}: {count} left out ({reason}): {names}{omitted}; name {pronoun} to take {pronoun}")
    return accepted


def matching(pattern: str, warn: Warn) -> list[Path]:
    """The files and folders that a pattern matches; hidden ones only where the pattern begins with a dot.

    A part of the pattern that is the name of an existing file or folder is taken literally: `run[1]/*.root` matches in
    the folder `run[1]` if there is one.

    Args:
        pattern: `*`, `?`, `[…]`, and `**` for any number of folders.
        warn: called for folders that may not be read.
    """
    path = Path(pattern)
    matches: Iterable[Path] = [Path(path.anchor)]
    for component in path.parts[bool(path.anchor) :]:
        if component == ANYWHERE:
            matches = [folder for match in matches for folder in folders_below(match, warn)]
        else:
            matches = [child for match in matches for child in _step(match, component, warn)]
    return list(dict.fromkeys(matches))


def _step(folder: Path, part: str, warn: Warn) -> list[Path]:
    if exists(folder / part):
        return [folder / part]
    if not MAGIC.search(part) or not is_folder(folder):
        return []
    hidden = part.startswith(".")
    names = fnmatch.filter(listing(folder, warn), part)
    return [folder / name for name in names if hidden or not name.startswith(".")]


def exists(path: Path) -> bool:
    """Whether a file, folder or link of this name exists, also a link whose target does not exist."""
    try:
        path.lstat()
    except (OSError, ValueError):  # also a name that is too long, or holds a zero byte
        return False
    return True
