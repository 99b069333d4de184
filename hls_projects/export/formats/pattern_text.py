"""What the readers of pattern files share: lines that mean something, link numbers, rows of words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.errors import InputFileError
from hls_projects.export.links.frames import LinkFrames


@dataclass
class PatternReader:
    """Goes through a pattern file line by line and knows where it is.

    Attributes:
        file: the pattern file.
        kind: its format in words.
        comments: whether lines that begin with # are left out, as empty ones are.
    """

    file: Path
    kind: str
    comments: bool = True

    def __post_init__(self) -> None:
        try:
            text = self.file.read_text(encoding="ascii")
        except FileNotFoundError:
            raise InputFileError("no such file", file=self.file) from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputFileError(f"cannot be read: {error}", file=self.file) from None
        self._lines = list(enumerate(text.splitlines(), 1))
        self._next = 0
        self._at = 0

    def error(self, reason: str) -> InputFileError:
        """What is wrong in the line that was read last."""
        return InputFileError(
            f"line {self._at}: {reason}", file=self.file, remedy=f"give a pattern file of {self.kind}"
        )

    def lines(self) -> Iterator[str]:
        """The lines that are left."""
        while self._next < len(self._lines):
            self._at, line = self._lines[self._next]
            self._next += 1
            if line.strip() and not (self.comments and line.startswith("#")):
                yield line

    def after(self, prefix: str) -> str:
        """What stands behind a prefix in the next line.

        Raises:
            InputFileError: the next line does not begin with it.
        """
        line = next(self.lines(), "").lstrip(" \t")
        if not line.startswith(prefix):
            raise self.error(f"'{prefix.strip()}' is missing")
        return line[len(prefix) :]

    def links(self, labels: Sequence[str], pattern: str) -> tuple[int, ...]:
        """Numbers of links from their labels.

        Raises:
            InputFileError: none, one that is no such label, or one given twice.
        """
        numbers = []
        for label in labels:
            match = re.fullmatch(pattern, label)
            if match is None:
                raise self.error(f"'{label}' is not a link")
            numbers.append(int(match[1]))
        if not numbers or len(set(numbers)) < len(numbers):
            raise self.error("no links are named" if not numbers else "a link is named twice")
        return tuple(numbers)

    def frames(self, name: str, links: tuple[int, ...], rows: Sequence[Sequence[tuple[int, int]]]) -> LinkFrames:
        """Rows of (word, marks) as frames."""
        shape = len(rows), len(links)
        data = np.array([[word for word, _ in row] for row in rows], np.uint64).reshape(shape)
        marks = np.array([[mark for _, mark in row] for row in rows], np.uint8).reshape(shape)
        return LinkFrames(name, links, data, marks)
