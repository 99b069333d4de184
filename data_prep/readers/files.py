"""Which files the user means: files, folders, patterns and URLs become one sorted list."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.readers.folders import MAGIC, Warn, exists, files_below, is_folder, matching
from data_prep.readers.remote import RemoteFile, is_url

SUFFIXES = (".root", ".h5", ".hdf5")
"""How the files in a folder end that are taken from it."""
_LONGEST = 4096
"""Bytes of a path (PATH_MAX)."""
_LONGEST_PART = 255
"""Bytes of one name in a path (NAME_MAX)."""


def input_files(
    arguments: Sequence[str], warn: Callable[[str], None] = lambda _: None, suffixes: Sequence[str] = SUFFIXES
) -> list[Path]:
    """The input files, each once, sorted by name: their order on the command line does not matter.

    An argument that is the name of a file or folder, a URL, or a pattern that matches something, is just that. Any
    other is split at white space into the fewest pieces that are, so that one text can hold several names, and a name
    can hold spaces. Names are never given to a shell: apostrophes, `$`, `#` and brackets in them are what they are;
    `~` at the beginning is the home folder where there is no such file.

    Args:
        arguments: files, folders (every file below them that ends right, links followed, hidden ones left out), glob
            patterns, or URLs (`https://`, `root://`) of single files.
        warn: called with what is left out: folders that may not be read, names that nearly end right, second names of
            a file.
        suffixes: how the files in a folder end.

    Raises:
        InputFileError: an argument, or a piece of one, that names nothing, a URL of a kind that cannot be read, or a
            name that is no text.
    """
    said: dict[str, None] = {}
    matches = [match for argument in arguments for match in _argument(argument, suffixes, said.setdefault)]
    for match in matches:
        _require_text(match)
    found: dict[object, Path] = {}
    for match in sorted(matches, key=lambda path: (path.name, str(path))):
        first = found.setdefault(_identity(match), match)
        if first.name != match.name:
            said.setdefault(f"{match}: is the file {first} under a second name, and read once")
    for line in said:
        warn(line)
    return list(found.values())


def _require_text(path: Path) -> None:
    """Check that a name is text: it is written down with all that is made from the file.

    Raises:
        InputFileError: its bytes are no UTF-8.
    """
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputFileError(
            "its name is no text (UTF-8)",
            file=name.encode(errors="surrogateescape").decode(errors="replace"),
            remedy="rename it, or give a link to it",
        ) from None


def _identity(path: Path) -> object:
    """What two names of one file, also by links of either kind, have in common."""
    if isinstance(path, RemoteFile):
        return path
    try:
        status = path.stat()
    except OSError:
        return path.absolute()
    return status.st_dev, status.st_ino


def _argument(argument: str, suffixes: Sequence[str], warn: Warn) -> list[Path]:
    if not argument.strip():
        raise InputFileError("the name of an input is empty", remedy="give files, folders, patterns or URLs")
    pieces = [argument] if _is_name(argument) else _pieces(argument)
    return [match for piece in pieces for match in _files(piece, suffixes, warn)]


def _is_name(text: str) -> bool:
    """Whether a text is the name of something: a file, a folder, a URL, or a pattern that matches something."""
    if len(text.encode(errors="surrogateescape")) > _LONGEST:
        return False
    ways = _ways(text)
    return (
        any(exists(path) for path in ways)
        or is_url(text)
        or (MAGIC.search(text) is not None and any(matching(str(path), lambda _: None) for path in ways))
    )


def _ways(name: str) -> list[Path]:
    """A name as it stands, and with the home folder for `~`."""
    try:
        return [Path(name), Path(name).expanduser()] if name.startswith("~") else [Path(name)]
    except RuntimeError:  # no such user
        return [Path(name)]


def _files(name: str, suffixes: Sequence[str], warn: Warn) -> list[Path]:
    """The files of one name.

    Raises:
        InputFileError: a URL of a kind that cannot be read, or a folder without such files.
    """
    there = next((path for path in _ways(name) if exists(path)), None)
    if there is not None and not is_folder(there):
        return [there]
    if there is None and is_url(name):
        return [RemoteFile(name)]
    if there is not None:
        if not os.access(there, os.R_OK | os.X_OK):
            raise InputFileError("the folder may not be read", file=there, remedy="change its permissions")
        places = [there]
    else:
        places = next(filter(None, (matching(str(path), warn) for path in _ways(name))), [])
    found = [file for place in places if is_folder(place) for file in files_below(place, suffixes, warn)]
    found += [place for place in places if not is_folder(place)]
    if not found:
        raise InputFileError(
            f"holds no {' or '.join(suffixes)} file", file=there or name, remedy="give the folder of the jets' files"
        )
    return found


def _pieces(text: str) -> list[str]:
    """A text split at white space into the fewest pieces that are names; of two ways the one whose first is longer.

    Raises:
        InputFileError: there is no such way; it names the piece between what could be told that is no name.
    """
    words = [word.span() for word in re.finditer(r"\S+", text)]
    ends = [_ends(text, words, first) for first in range(len(words))]
    # the number of pieces from each word to the end, and where the first of them ends
    best: dict[int, tuple[int, int]] = {len(words): (0, 0)}
    for first in reversed(range(len(words))):
        ways = [(best[last][0] + 1, -last) for last in ends[first] if last in best]
        if ways:
            number, last = min(ways)
            best[first] = number, -last
    if 0 in best:
        pieces, at = [], 0
        while at < len(words):
            pieces.append(text[words[at][0] : words[best[at][1] - 1][1]])
            at = best[at][1]
        return pieces
    reached = {0}
    for first in range(len(words)):
        if first in reached:
            reached.update(ends[first])
    start = max(reached - {len(words)})
    stop = min(last for last in best if last > start)
    raise _nothing(text[words[start][0] : words[stop - 1][1]])


def _ends(text: str, words: Sequence[tuple[int, int]], first: int) -> list[int]:
    """Every end behind a word such that all from the first word to it, with the space between, is a name."""
    found = []
    begin = words[first][0]
    for last in range(first, len(words)):
        word = text[slice(*words[last])]
        if last > first and "/" in word and not _is_folder_name(text[begin : words[last][0] + word.index("/")]):
            break  # no longer text can be a path: what is before the slash is no folder
        piece = text[begin : words[last][1]]
        part = piece.rsplit("/", 1)[-1]
        if len(piece) > _LONGEST or (len(part) > _LONGEST_PART and not MAGIC.search(part)):
            break
        if _is_name(piece):
            found.append(last + 1)
    return found


def _is_folder_name(text: str) -> bool:
    """Whether a text is the name of a folder, or a pattern that matches one."""
    ways = _ways(text)
    return any(is_folder(path) for path in ways) or (
        MAGIC.search(text) is not None
        and any(is_folder(match) for path in ways for match in matching(str(path), lambda _: None))
    )


def _nothing(name: str) -> InputFileError:
    """The error for what names nothing."""
    try:
        Path(name).lstat()
    except PermissionError:
        return InputFileError("its folder may not be read", file=name, remedy="change its permissions")
    except (OSError, ValueError):
        pass
    if MAGIC.search(name):
        return InputFileError("no such file: nothing matches the pattern", file=name, remedy="check the pattern")
    return InputFileError("no such file", file=name, remedy="check the path")
