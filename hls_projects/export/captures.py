"""What a board or a simulation gave, held against the pattern file of a bundle, and the first difference in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.errors import ProofFailedError
from hls_projects.export.formats import pattern_formats
from hls_projects.export.links.frames import WordDifference, compare, late_by
from hls_projects.export.links.packing import Packing, value_name
from hls_projects.export.targets.patterns import PatternRecord


@dataclass(frozen=True)
class Captured:
    """A capture that is as expected.

    Attributes:
        words: valid words that were compared, all equal.
        late: frames by which the capture comes later than expected.
        beyond: valid words expected before the first or after the last frame of the capture: they were not captured.
    """

    words: int
    late: int
    beyond: int = 0


def require_equal(expected: Path, capture: Path, late: int | None = None) -> Captured:
    """Compare a capture with an output file of a bundle, word by word.

    Args:
        expected: `patterns/<format>/output_<i>.txt` of a bundle.
        capture: of the same vectors, in any of the formats; further links and frames are left aside.
        late: frames by which it may come later than expected, as through links and a trigger of the capture; found from
            the first valid word where it is not said.

    Raises:
        InputFileError: one of the files cannot be read.
        ProofFailedError: a word differs, is valid on one side only, or none was captured.
    """
    expected_frames, captured_frames = pattern_formats.read(expected), pattern_formats.read(capture)
    shift = late_by(expected_frames, captured_frames) if late is None else late
    result = compare(expected_frames, captured_frames, shift)
    if result.first is not None:
        place = _vector(expected, result.first)
        differing = f"{result.mismatches:,} of {result.words:,} words differ (read {shift} frames late)"
        raise ProofFailedError(f"{differing}, the first on {result.first}{place}", file=capture)
    if not result.words:
        reason = f"no word that is expected lies in its {len(captured_frames.data):,} frames (read {shift} frames late)"
        raise ProofFailedError(reason, file=capture)
    return Captured(result.words, shift, result.beyond)


def _vector(expected: Path, first: WordDifference) -> str:
    """The vector and the values of the first difference, where the file stands in a bundle."""
    folder, number = expected.parent.parent, expected.stem.removeprefix("output_")
    if not (folder / "packing.json").exists() or not number.isdigit():
        return ""
    record = PatternRecord.load(folder)
    packet, frame = divmod(first.frame - record.first_output, record.period)
    vectors = record.files[int(number)]
    if not 0 <= packet < len(vectors):
        return ", where no result stands"
    packing = record.output_packing
    values = [_values(packing, frame, first.link, word) for word in (first.expected, first.captured)]
    differences = [
        f" {value_name(packing.ports, number)} is {captured_value} and not {expected_value}"
        for number, (expected_value, captured_value) in enumerate(zip(*values, strict=True))
        if expected_value != captured_value
    ]
    return f": of vector {vectors[packet]}" + (differences[0] if differences and first.captured is not None else "")


def _values(packing: Packing, frame: int, link: int, word: int | None) -> list[int]:
    """The values of a packet that holds one word."""
    words = np.zeros((1, packing.frames, len(packing.links)), np.uint64)
    words[0, frame, packing.links.index(link)] = word or 0
    values: list[int] = packing.unpack(words)[0].tolist()
    return values
