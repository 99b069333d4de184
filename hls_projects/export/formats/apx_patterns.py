"""APx pattern files, as the buffers of APx boards take and give them: a sideband byte in front of every word.

Bit 0 of the sideband says valid, bit 1 start of a packet, bit 3 its end.

Source: L1Trigger/DemonstratorTools of CMSSW, `src/utilities.cc`.
"""

from __future__ import annotations

import re
from pathlib import Path

from hls_projects.export.formats.pattern_text import PatternReader
from hls_projects.export.links.frames import LinkFrames, Mark

_SIDEBAND = int(Mark.VALID | Mark.START | Mark.END)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,16}")


def write(frames: LinkFrames, file: Path) -> None:
    """Write a file; begins of orbits and low strobes are lost in it."""
    lines = ["#Sideband ON"]
    lines.append("#LinkLabel" + "".join(f"                LINK_{link:02d}    " for link in frames.links))
    lines.append("#BeginData")
    for number, (words, marks) in enumerate(zip(frames.data.tolist(), frames.marks.tolist(), strict=True)):
        row = "".join(f"    0x{mark & _SIDEBAND:02x} 0x{word:016x}" for word, mark in zip(words, marks, strict=True))
        lines.append(f"0x{number:04x}{row}")
    file.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def read(file: Path, name: str = "") -> LinkFrames:
    """Read a file, which does not say of which board it is.

    Raises:
        InputFileError: it cannot be read, or a line is not what it should be.
    """
    reader = PatternReader(file, "APx", comments=False)
    line = next(reader.lines(), "")
    if line.startswith("#Sideband OFF"):
        raise reader.error("it has no sideband, which says which words are valid")
    labels = reader.after("#LinkLabel") if line.startswith("#Sideband") else line.removeprefix("#LinkLabel")
    if labels == line:
        raise reader.error("'#LinkLabel' is missing")
    links = reader.links(labels.split(), r"LINK_(\d{1,3})")
    reader.after("#BeginData")
    rows: list[list[tuple[int, int]]] = []
    for line in reader.lines():
        numbers = line.split()
        for text in numbers:
            if not _HEXADECIMAL.fullmatch(text):
                raise reader.error(f"'{text}' is not a hexadecimal number such as 0x01")
        if len(numbers) != 2 * len(links) + 1:
            raise reader.error(f"holds {len(numbers)} numbers, not {2 * len(links) + 1} for {len(links)} links")
        if int(numbers[0], 16) != len(rows):
            raise reader.error(f"is frame {numbers[0]}, not 0x{len(rows):04x}")
        words = zip(numbers[1::2], numbers[2::2], strict=True)
        rows.append([(int(word, 16), int(sideband, 16) & _SIDEBAND) for sideband, word in words])
    return reader.frames(name, links, rows)
