"""Packets on links: where their words and marks are, and how a capture is held against what was expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import InputFileError
from hls_projects.export.links.frames import FrameComparison, LinkFrames, Mark, compare, frames_of, late_by, packets_of

FILE = Path("capture.txt")


@pytest.fixture
def expected(rng: np.random.Generator) -> LinkFrames:
    """Three packets of two frames on two links, every three frames from frame 4 on."""
    packets = rng.integers(0, 2**64, (3, 2, 2), dtype=np.uint64)
    return frames_of("board", (0, 7), packets, first=4, period=3, depth=14)


def shifted(frames: LinkFrames, by: int) -> LinkFrames:
    """The same later, in as many frames."""
    return LinkFrames(frames.name, frames.links, np.roll(frames.data, by, axis=0), np.roll(frames.marks, by, axis=0))


def test_marks_of_packets(expected: LinkFrames) -> None:
    first, other = Mark.VALID | Mark.START, Mark.VALID | Mark.END
    marks = [0, 0, 0, 0, first | Mark.ORBIT, other, 0, first, other, 0, first, other, 0, 0]
    np.testing.assert_array_equal(expected.marks, np.array([marks, marks]).T)
    assert not expected.data[expected.marks == 0].any()


def test_packets_are_found_again(expected: LinkFrames) -> None:
    packets_again = packets_of(expected, (7,), 2, FILE)
    np.testing.assert_array_equal(packets_again[..., 0], expected.data[[[4, 5], [7, 8], [10, 11]], 1])
    with pytest.raises(InputFileError, match="do not come in packets of 3 frames"):
        packets_of(expected, (0, 7), 3, FILE)
    with pytest.raises(InputFileError, match="holds no link 3"):
        packets_of(expected, (0, 3), 2, FILE)
    expected.marks[8, 1] = 0
    with pytest.raises(InputFileError, match="link 0 and link 7 are not valid together in frame 8"):
        packets_of(expected, (0, 7), 2, FILE)


def test_packets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 packets of 2 frames every 2 do not fit into 4 from 1 on"):
        frames_of("board", (0,), np.zeros((2, 2, 1), np.uint64), first=1, period=2, depth=4)


def test_a_capture_that_is_right_a_late_one_and_wrong_ones(expected: LinkFrames) -> None:
    assert compare(expected, expected) == FrameComparison(12, 0)
    late = shifted(expected, 2)
    assert compare(expected, late).mismatches > 0
    assert late_by(expected, late) == 2
    assert compare(expected, late, shift=2) == FrameComparison(12, 0)
    wrong = shifted(expected, 0)
    wrong.data[8, 1] ^= np.uint64(1 << 63)
    wrong.marks[11, 0] = 0
    wrong.marks[12, 0] = Mark.VALID
    comparison = compare(expected, wrong)
    assert (comparison.words, comparison.mismatches) == (12, 3)
    word = int(expected.data[8, 1])
    assert str(comparison.first) == f"link 7, frame 8: {word:016x} expected, {word ^ 1 << 63:016x} found"


def test_what_a_capture_lacks_is_missing(expected: LinkFrames) -> None:
    cut = LinkFrames("board", (7,), expected.data[:11, 1:], expected.marks[:11, 1:])
    comparison = compare(expected, cut)
    # link 0 is not there; frame 11 was not captured
    assert (comparison.words, comparison.mismatches, comparison.beyond) == (10, 5, 2)
    assert str(comparison.first).endswith("expected, no valid word found")


def test_what_a_buffer_has_no_frames_for_was_not_captured(rng: np.random.Generator) -> None:
    """Outputs that fill the buffer: whatever the capture is late by, it is right as far as it goes."""
    full = frames_of("board", (0, 7), rng.integers(0, 2**64, (8, 2, 2), dtype=np.uint64), first=0, period=2, depth=16)
    for late in range(1, 16):
        data, marks = np.zeros_like(full.data), np.zeros_like(full.marks)
        data[late:], marks[late:] = full.data[:-late], full.marks[:-late]
        capture = LinkFrames("board", full.links, data, marks)
        assert late_by(full, capture) == late
        assert compare(full, capture, late) == FrameComparison(2 * (16 - late), 0, beyond=2 * late)
        assert compare(capture, full, -late) == FrameComparison(2 * (16 - late), 0)
        data[15, 1] ^= np.uint64(1)
        assert compare(full, capture, late).mismatches == 1
    assert compare(full, full, 16) == FrameComparison(0, 0, beyond=32)


def test_words_that_are_not_valid_mean_nothing(expected: LinkFrames) -> None:
    noisy = shifted(expected, 0)
    noisy.data[noisy.marks == 0] = 99
    noisy.marks[0] = Mark.VALID | Mark.SKIPPED
    assert compare(expected, noisy) == FrameComparison(12, 0)
