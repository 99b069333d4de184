"""A capture of a board against the pattern file of a bundle, as a user compares them on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_prep.fixed_point import FixedType
from hls_projects.export.formats import apx_patterns, emp_patterns
from hls_projects.export.links.frames import LinkFrames
from hls_projects.export.links.packing_settings import PackingSettings
from hls_projects.export.targets.patterns import write_patterns
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign
from pipeline.app import main

DESIGN = RtlDesign(
    name="tagger",
    form="unrolled",
    inputs=(Port(name="image", shape=(1,), type=FixedType(8, 8)),),
    outputs=(Port(name="logits", shape=(3,), type=FixedType(30, 30)),),
    beats=1,
    interval=2,
    latency=4,
    verilog=(),
    vhdl=(),
)


@pytest.fixture
def expected(rng: np.random.Generator, tmp_path: Path) -> Path:
    """An output file of 40 vectors, of which the second one lies in the second file."""
    images, logits = rng.integers(-128, 128, (40, 1)), rng.integers(-(2**29), 2**29, (40, 3))
    write_patterns(DESIGN, PackingSettings(depth=44, files=2), images, logits, tmp_path / "patterns")
    return tmp_path / "patterns" / "emp_v2" / "output_1.txt"


def test_a_late_capture_on_more_links_in_another_format_is_equal(
    expected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = emp_patterns.read_v2(expected)
    idle = np.zeros((9, 1))
    data = np.vstack((np.zeros((9, 3)), np.hstack((np.zeros((44, 1)), frames.data)))).astype(np.uint64)
    data[9:, 1:] = frames.data
    marks = np.vstack((np.hstack((idle, idle, idle)), np.hstack((np.zeros((44, 1)), frames.marks)))).astype(np.uint8)
    apx_patterns.write(LinkFrames("", (5, *frames.links), data, marks), tmp_path / "capture.txt")
    assert main(["compare-capture", str(expected), str(tmp_path / "capture.txt")]) == 0
    assert "40 words equal, 9 frames late" in capsys.readouterr().out
    assert main(["compare-capture", str(expected), str(tmp_path / "capture.txt"), "--late", "0"]) == 1


def test_a_late_capture_in_a_buffer_that_outputs_fill(
    expected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = emp_patterns.read_v2(expected)
    late = LinkFrames("", frames.links, np.roll(frames.data, 1, axis=0), np.roll(frames.marks, 1, axis=0))
    last = int(np.flatnonzero(frames.valid.any(axis=1))[-1])
    # the buffer ends with the frame in which the last word stands, were it not late
    cut = LinkFrames("", late.links, late.data[: last + 1], late.marks[: last + 1])
    emp_patterns.write_v2(cut, tmp_path / "capture.txt")
    assert main(["compare-capture", str(expected), str(tmp_path / "capture.txt")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    lost = int(frames.valid[last].sum())
    assert f"{40 - lost} words equal, 1 frame late; {lost} more are after its last frame and were not captured" in said
    assert main(["compare-capture", str(expected), str(tmp_path / "capture.txt"), "--late", "90"]) == 1
    assert "no word that is expected lies in its" in " ".join(capsys.readouterr().err.split())


def test_the_first_wrong_value_is_named(expected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = emp_patterns.read_v2(expected)
    # the second file begins with vector 20; its fourth packet begins with frame 4 + 3 * 2
    right = int(frames.data[10, 0]) >> 30 & (1 << 30) - 1
    right -= (right >> 29) << 30
    frames.data[10, 0] ^= np.uint64(1 << 30)
    emp_patterns.write_v1(frames, tmp_path / "capture.txt")
    assert main(["compare-capture", str(expected), str(tmp_path / "capture.txt")]) == 1
    message = " ".join(capsys.readouterr().err.split())
    assert "1 of 40 words differ" in message
    assert f"of vector 23 logits[1] is {right ^ 1} and not {right}" in message


def test_what_is_no_pattern_file(expected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "capture.txt").write_text("Frame 0000\n")
    for capture, message in (("capture.txt", "is not a pattern file of EMP or APx"), ("none.txt", "no such file")):
        assert main(["compare-capture", str(expected), str(tmp_path / capture)]) == 1
        assert message in " ".join(capsys.readouterr().err.split())
