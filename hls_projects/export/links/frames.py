"""What the links of a board carry, frame by frame: packets as frames, frames as packets, and two of them compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from hls_projects.export.links.packing import Words


class Mark(IntFlag):
    """What is said of a word. The numbers are the bits of the sideband of APx pattern files.

    Source: L1Trigger/DemonstratorTools of CMSSW, `src/utilities.cc`.
    """

    VALID = 1
    """It means something."""
    START = 2
    """It is the first of a packet."""
    ORBIT = 4
    """It is the first of an orbit."""
    END = 8
    """It is the last of a packet."""
    SKIPPED = 16
    """The strobe is low: there is no word in this clock."""


@dataclass(frozen=True, eq=False)
class LinkFrames:
    """Words with their marks.

    Attributes:
        name: of board or design.
        links: numbers of the links, in the order of the columns.
        data: uint64 [frames, links].
        marks: uint8 [frames, links], sums of `Mark`.
    """

    name: str
    links: tuple[int, ...]
    data: Words
    marks: npt.NDArray[np.uint8]

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Where a word means something: bool [frames, links]."""
        return np.equal(self.marks & (Mark.VALID | Mark.SKIPPED), Mark.VALID)


@dataclass(frozen=True)
class WordDifference:
    """A word of a capture that differs from the expected one; None on a side where it is not valid.

    Attributes:
        link: number of the link.
        frame: number of the frame, among those expected.
        expected: the word expected.
        captured: the word captured.
    """

    link: int
    frame: int
    expected: int | None
    captured: int | None

    def __str__(self) -> str:
        words = ["no valid word" if word is None else f"{word:016x}" for word in (self.expected, self.captured)]
        return f"link {self.link}, frame {self.frame}: {words[0]} expected, {words[1]} found"


@dataclass(frozen=True)
class FrameComparison:
    """Expected frames against captured ones.

    Attributes:
        words: valid words expected in the frames that were captured.
        mismatches: words that differ, or are valid on one side only.
        first: the first of them, by frame.
        beyond: valid words expected in frames before the first or after the last one of the capture.
    """

    words: int
    mismatches: int
    first: WordDifference | None = None
    beyond: int = 0


def frames_of(name: str, links: Sequence[int], packets: Words, *, first: int, period: int, depth: int) -> LinkFrames:
    """Packets on their links, one every `period` frames; between them the words are 0 and not valid.

    Args:
        name: of the design.
        links: numbers of the links.
        packets: uint64 [packets, frames, links].
        first: frame in which the first packet begins.
        period: frames from the begin of a packet to that of the next.
        depth: number of frames.

    Raises:
        ValueError: packets that overlap or reach beyond the last frame.
    """
    count, length, columns = packets.shape
    if length > period or first + (count - 1) * period + length > depth:
        raise ValueError(f"{count} packets of {length} frames every {period} do not fit into {depth} from {first} on")
    data = np.zeros((depth, columns), np.uint64)
    marks = np.zeros((depth, columns), np.uint8)
    at = first + period * np.arange(count)
    for frame in range(length):
        data[at + frame] = packets[:, frame]
        marks[at + frame] = Mark.VALID
    marks[at] |= Mark.START
    marks[at + length - 1] |= Mark.END
    marks[at[:1]] |= Mark.ORBIT
    return LinkFrames(name, tuple(links), data, marks)


def packets_of(frames: LinkFrames, links: Sequence[int], length: int, file: Path) -> Words:
    """The packets in frames, wherever they begin: uint64 [packets, length, links]; the inverse of `frames_of`.

    Args:
        frames: of a pattern file or a capture; further links are left aside.
        links: the links that carry the packets, which all begin together.
        length: frames of a packet.
        file: where they were read, for messages.

    Raises:
        InputFileError: a link that is missing, or words that do not come in whole packets.
    """
    missing = [link for link in links if link not in frames.links]
    if missing:
        raise InputFileError(f"holds no link {missing[0]}", file=file)
    columns = [frames.links.index(link) for link in links]
    valid, data = frames.valid[:, columns], frames.data[:, columns]
    for link, column in zip(links, valid.T, strict=True):
        if not np.array_equal(column, valid[:, 0]):
            frame = int(np.flatnonzero(column != valid[:, 0])[0])
            raise InputFileError(f"link {links[0]} and link {link} are not valid together in frame {frame}", file=file)
    at = np.flatnonzero(valid[:, 0])
    parts = at.reshape(-1, length) if at.size % length == 0 else np.zeros((0, 0), np.int64)
    if at.size % length or (np.diff(parts, axis=1) != 1).any():
        raise InputFileError(f"its valid words do not come in packets of {length} frames", file=file)
    return data[at].reshape(-1, length, len(links))


def compare(expected: LinkFrames, captured: LinkFrames, shift: int = 0) -> FrameComparison:
    """Compare expected with captured frames; further links of the capture are left aside.

    A buffer has an end: words of frames that it does not have were not captured, and are no mismatches.

    Args:
        expected: of a pattern file.
        captured: of a simulation or a board.
        shift: frames by which the capture is late.
    """
    frames = len(expected.data)
    data, valid = np.zeros(expected.data.shape, np.uint64), np.zeros(expected.data.shape, np.bool_)
    rows = np.arange(max(shift, 0), min(frames + shift, len(captured.data)))
    for column, link in enumerate(expected.links):
        if link in captured.links:
            captured_column = captured.links.index(link)
            data[rows - shift, column] = captured.data[rows, captured_column]
            valid[rows - shift, column] = captured.valid[rows, captured_column]
    in_capture = np.zeros((frames, 1), np.bool_)
    in_capture[rows - shift] = True
    wrong = in_capture & ((valid != expected.valid) | (valid & (data != expected.data)))
    first = None
    if wrong.any():
        frame, column = (int(i) for i in np.argwhere(wrong)[0])
        words = [
            int(word[frame, column]) if meant[frame, column] else None
            for word, meant in ((expected.data, expected.valid), (data, valid))
        ]
        first = WordDifference(expected.links[column], frame, words[0], words[1])
    compared = int((expected.valid & in_capture).sum())
    return FrameComparison(compared, int(wrong.sum()), first, int(expected.valid.sum()) - compared)


def late_by(expected: LinkFrames, captured: LinkFrames) -> int:
    """Frames by which the first valid word comes later than expected; 0 where there is none on one side."""
    begin = [np.flatnonzero(side.valid.any(axis=1)) for side in (expected, captured)]
    return int(begin[1][0] - begin[0][0]) if all(frames.size for frames in begin) else 0
