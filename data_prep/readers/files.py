"""The input files of a command: files, folders, patterns and URLs become one sorted list."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.readers.folders import MAGIC, Warn, exists, files_below, is_folder, matching
from data_prep.readers.remote import RemoteFile, is_url

SUFFIXES = (".root", ".h5", ".hdf5")
"""Endings of the files that are taken from a folder."""
_LONGEST = 4096
"""Bytes of a path (PATH_MAX)."""
_LONGEST_PART = 255
"""Bytes of one name in a path (NAME_MAX)."""


def input_files(
    arguments: Sequence[str], warn: Callable[[str], None] = lambda _: None, suffixes: Sequence[str] = SUFFIXES
) -> list[Path]:
    """The input files, each once, sorted by name: their order on the command line does not matter.

    An argument that is the name of a file or folder, a URL, or a pattern that matches a file, is taken as it is. Any
    other is split at white space into the fewest such names, so that one text can hold several names, and a name can
    hold spaces. Names are never given to a shell: apostrophes, `$`, `#` and brackets in them are literal; `~` at the
    beginning is the home folder where there is no such file.

    Args:
        arguments: files, folders (every file below them with one of the suffixes; links are followed, hidden files are
            left out), glob patterns, or URLs (`https://`, `root://`) of single files.
        warn: called for what is left out: folders that may not be read, files with a suffix that is nearly right,
            second names of a file.
        suffixes: of the files that are taken from a folder.

    Raises:
        InputFileError: an argument, or a part of one, is no name of a file; a URL that cannot be read; or a name that
            is no text.
    """
    messages: dict[str, None] = {}
    matches = [match for argument in arguments for match in _argument(argument, suffixes, messages.setdefault)]
    for match in matches:
        _require_text(match)
    files: dict[object, Path] = {}
    for match in sorted(matches, key=lambda path: (path.name, str(path))):
        first_match = files.setdefault(_identity(match), match)
        if first_match.name != match.name:
            messages.setdefault(f"{match}: is the file {first_match} under a second name, and read once")
    for line in messages:
        warn(line)
    return list(files.values())


def _require_text(path: Path) -> None:
    """Check that a name is text: it is recorded in the results.

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
    """An identity that is the same for all names of a file, also through hard and symbolic links."""
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
    """Whether a text is the name of a file or folder, a URL, or a pattern that matches one."""
    if len(text.encode(errors="surrogateescape")) > _LONGEST:
        return False
    paths = _expanded(text)
    return (
        any(exists(path) for path in paths)
        or is_url(text)
        or (MAGIC.search(text) is not None and any(matching(str(path), lambda _: None) for path in paths))
    )


def _expanded(name: str) -> list[Path]:
    """A name as it stands, and with the home folder for `~`."""
    try:
        return [Path(name), Path(name).expanduser()] if name.startswith("~") else [Path(name)]
    except RuntimeError:  # no such user
        return [Path(name)]


def _files(name: str, suffixes: Sequence[str], warn: Warn) -> list[Path]:
    """The files of one name.

    Raises:
        InputFileError: a URL that cannot be read, or a folder without such files.
    """
    existing = next((path for path in _expanded(name) if exists(path)), None)
    if existing is not None and not is_folder(existing):
        return [existing]
    if existing is None and is_url(name):
        return [RemoteFile(name)]
    if existing is not None:
        if not os.access(existing, os.R_OK | os.X_OK):
            raise InputFileError("the folder may not be read", file=existing, remedy="change its permissions")
        roots = [existing]
    else:
        roots = next(filter(None, (matching(str(path), warn) for path in _expanded(name))), [])
    files = [file for root in roots if is_folder(root) for file in files_below(root, suffixes, warn)]
    files += [root for root in roots if not is_folder(root)]
    if not files:
        raise InputFileError(
            f"holds no {' or '.join(suffixes)} file", file=existing or name, remedy="give the folder of the jets' files"
        )
    return files


def _pieces(text: str) -> list[str]:
    """A text split at white space into the fewest names; of two such splits the one whose first name is longer.

    Raises:
        InputFileError: there is no such split; the message shows the part that is no name.
    """
    words = [word.span() for word in re.finditer(r"\S+", text)]
    ends = [_ends(text, words, start) for start in range(len(words))]
    # for each word the smallest number of names from it to the end, and the end of the first of them
    best: dict[int, tuple[int, int]] = {len(words): (0, 0)}
    for start in reversed(range(len(words))):
        splits = [(best[end][0] + 1, -end) for end in ends[start] if end in best]
        if splits:
            number, end = min(splits)
            best[start] = number, -end
    if 0 in best:
        pieces, position = [], 0
        while position < len(words):
            pieces.append(text[words[position][0] : words[best[position][1] - 1][1]])
            position = best[position][1]
        return pieces
    reached = {0}
    for start in range(len(words)):
        if start in reached:
            reached.update(ends[start])
    unmatched_start = max(reached - {len(words)})
    unmatched_stop = min(end for end in best if end > unmatched_start)
    raise _no_match(text[words[unmatched_start][0] : words[unmatched_stop - 1][1]])


def _ends(text: str, words: Sequence[tuple[int, int]], start: int) -> list[int]:
    """All ends such that the text from the word `start` to the end is a name."""
    ends = []
    begin = words[start][0]
    for end in range(start, len(words)):
        word = text[slice(*words[end])]
        if end > start and "/" in word and not _is_folder_name(text[begin : words[end][0] + word.index("/")]):
            break  # the text before the slash is no folder, so that a longer text is no path
        piece = text[begin : words[end][1]]
        file_name = piece.rsplit("/", 1)[-1]
        if len(piece) > _LONGEST or (len(file_name) > _LONGEST_PART and not MAGIC.search(file_name)):
            break
        if _is_name(piece):
            ends.append(end + 1)
    return ends


def _is_folder_name(text: str) -> bool:
    """Whether a text is the name of a folder, or a pattern that matches one."""
    paths = _expanded(text)
    return any(is_folder(path) for path in paths) or (
        MAGIC.search(text) is not None
        and any(is_folder(match) for path in paths for match in matching(str(path), lambda _: None))
    )


def _no_match(name: str) -> InputFileError:
    """The error for a text that is no name of a file."""
    try:
        Path(name).lstat()
    except PermissionError:
        return InputFileError("its folder may not be read", file=name, remedy="change its permissions")
    except (OSError, ValueError):
        pass
    if MAGIC.search(name):
        return InputFileError("no such file: nothing matches the pattern", file=name, remedy="check the pattern")
    return InputFileError("no such file", file=name, remedy="check the path")
