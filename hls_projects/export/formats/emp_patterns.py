"""EMP pattern files, version 1 and 2, as the buffers of boards with the EMP framework take and give them.

Version 1 says of a word whether it is valid; version 2 also begin and end of packets and orbits. On a link whose strobe
is low anywhere, both say it of every word.

Source: L1Trigger/DemonstratorTools of CMSSW, `src/utilities.cc`.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from hls_projects.export.formats.pattern_text import PatternReader
from hls_projects.export.links.frames import LinkFrames, Mark

_METADATA = "Metadata: (strobe,) start of orbit, start of packet, end of packet, valid"
_V1 = re.compile(r"(?:([01])s)?([01])v([0-9a-fA-F]{16})")
_V2 = re.compile(r"([01])?([01])([01])([01])([01]) ([0-9a-fA-F]{16})")


def write_v1(frames: LinkFrames, file: Path) -> None:
    """Write a file of version 1; begin and end of packets are lost in it."""
    lines = [f"Board {frames.name}"]
    lines.append(" Quad/Chan :" + "".join(f"         q{link // 4:02d}c{link % 4}       " for link in frames.links))
    lines.append("      Link :" + "".join(f"          {link:03d}        " for link in frames.links))
    strobed = _strobed(frames)
    for number, (words, marks) in enumerate(zip(frames.data.tolist(), frames.marks.tolist(), strict=True)):
        row = "".join(
            f" {_bit(mark, Mark.SKIPPED, low=True) + 's' if strobe else '  '}{_bit(mark, Mark.VALID)}v{word:016x}"
            for word, mark, strobe in zip(words, marks, strobed, strict=True)
        )
        lines.append(f"Frame {number:04d} :{row}")
    _write(lines, file)


def write_v2(frames: LinkFrames, file: Path) -> None:
    """Write a file of version 2."""
    strobed = _strobed(frames)
    columns = zip(frames.links, strobed, strict=True)
    links = "".join(f"{' ' if strobe else ''}            {link:03d}        " for link, strobe in columns)
    lines = [f"ID: {frames.name}", _METADATA, "", f"      Link  {links}"]
    for number, (words, marks) in enumerate(zip(frames.data.tolist(), frames.marks.tolist(), strict=True)):
        row = "".join(
            "  "
            + (_bit(mark, Mark.SKIPPED, low=True) if strobe else "")
            + "".join(_bit(mark, flag) for flag in (Mark.ORBIT, Mark.START, Mark.END, Mark.VALID))
            + f" {word:016x}"
            for word, mark, strobe in zip(words, marks, strobed, strict=True)
        )
        lines.append(f"Frame {number:04d}  {row}")
    _write(lines, file)


def read_v1(file: Path) -> LinkFrames:
    """Read a file of version 1.

    Raises:
        InputFileError: it cannot be read, or a line is not what it should be.
    """
    reader = PatternReader(file, "EMP version 1")
    name = reader.after("Board ")
    reader.after("Quad/Chan :")
    links = reader.links(reader.after("Link :").split(), r"(\d{1,3})")
    rows: list[list[tuple[int, int]]] = []
    for line in reader.lines():
        words = _behind(reader, line, f"Frame {len(rows):04d} :").split()
        row = []
        for text in _counted(reader, words, links):
            match = _V1.fullmatch(text)
            if match is None:
                raise reader.error(f"'{text}' is not a word such as 1v0123456789abcdef")
            row.append((int(match[3], 16), _marks((match[1] == "0", Mark.SKIPPED), (match[2] == "1", Mark.VALID))))
        rows.append(row)
    return reader.frames(name, links, rows)


def read_v2(file: Path) -> LinkFrames:
    """Read a file of version 2.

    Raises:
        InputFileError: it cannot be read, or a line is not what it should be.
    """
    reader = PatternReader(file, "EMP version 2")
    name = reader.after("ID: ")
    reader.after(_METADATA)
    links = reader.links(reader.after("Link  ").split(), r"(\d{1,3})")
    rows: list[list[tuple[int, int]]] = []
    for line in reader.lines():
        words = re.split(r"\s\s+", _behind(reader, line, f"Frame {len(rows):04d}  ").strip())
        row = []
        for text in _counted(reader, words, links):
            match = _V2.fullmatch(text)
            if match is None:
                raise reader.error(f"'{text}' is not a word such as 1101 0123456789abcdef")
            flags = zip(match.groups()[1:5], (Mark.ORBIT, Mark.START, Mark.END, Mark.VALID), strict=True)
            marks = _marks((match[1] == "0", Mark.SKIPPED), *((flag == "1", mark) for flag, mark in flags))
            row.append((int(match[6], 16), marks))
        rows.append(row)
    return reader.frames(name, links, rows)


def _strobed(frames: LinkFrames) -> list[bool]:
    """Whether the strobe of a link is low anywhere."""
    return [bool(column) for column in np.any(frames.marks & Mark.SKIPPED, axis=0)]


def _bit(mark: int, flag: Mark, *, low: bool = False) -> str:
    return str(int(bool(mark & flag) != low))


def _marks(*flags: tuple[bool, Mark]) -> int:
    return sum(mark for holds, mark in flags if holds)


def _behind(reader: PatternReader, line: str, prefix: str) -> str:
    if not line.startswith(prefix):
        raise reader.error(f"'{prefix.strip()}' is missing")
    return line[len(prefix) :]


def _counted(reader: PatternReader, words: list[str], links: tuple[int, ...]) -> list[str]:
    if len(words) != len(links):
        raise reader.error(f"holds {len(words)} words for {len(links)} links")
    return words


def _write(lines: list[str], file: Path) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
