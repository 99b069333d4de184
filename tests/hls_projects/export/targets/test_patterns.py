"""The pattern files of a bundle: packets of the reference vectors, results in the frames in which they come."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import ConfigurationError, InputFileError
from data_prep.fixed_point import FixedType
from hls_projects.export.design import Design, RtlPart
from hls_projects.export.formats import emp_patterns
from hls_projects.export.formats.pattern_formats import FORMATS
from hls_projects.export.links.packing_settings import PackingSettings
from hls_projects.export.targets import patterns, readme
from hls_projects.export.targets.patterns import PatternRecord, write_patterns
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.record import RtlProof

DESIGN = RtlDesign(
    name="summer",
    form="streamed",
    inputs=(Port(name="image", shape=(3, 2, 1), type=FixedType(16, 16)),),
    outputs=(
        Port(name="row", shape=(2,), type=FixedType(24, 24)),
        Port(name="odd", shape=(1,), type=FixedType(1, 1, False)),
    ),
    beats=3,
    interval=3,
    latency=5,
    verilog=(),
    vhdl=(),
)


@pytest.fixture
def vectors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Images, and what a design that sums columns would give."""
    images = rng.integers(-(2**15), 2**15, (50, 6))
    sums = images.reshape(50, 3, 2).sum(axis=1)
    return images, np.column_stack((sums, sums.sum(axis=1) % 2))


def test_results_stand_where_the_latency_puts_them(vectors: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    images, results = vectors
    settings = PackingSettings(depth=20, files=3, wrapper_clocks=1)
    record = write_patterns(DESIGN, settings, *vectors, tmp_path / "patterns")
    assert record == PatternRecord.load(tmp_path / "patterns")
    assert (record.period, record.first_output, record.output_links) == (3, 6, (0, 1))
    # 20 frames hold the results in frames 6, 9, 12, 15 and 18; three files hold fifteen of the fifty vectors
    assert [len(rows) for rows in record.files] == [5, 5, 5]
    assert [row for rows in record.files for row in rows] == [i * 50 // 15 for i in range(15)]
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.txt"))
    assert len(names) == 3 * 2 * 3
    for name, (_, read) in FORMATS.items():
        folder = tmp_path / "patterns" / name
        for number, rows in enumerate(record.files):
            given, outputs = read(folder / f"input_{number}.txt"), read(folder / f"output_{number}.txt")
            assert given.data.shape == (20, 1)
            for packet, vector in enumerate(rows):
                row = images[vector].reshape(3, 2) & 0xFFFF
                words = given.data[3 * packet : 3 * packet + 3, 0]
                np.testing.assert_array_equal(words, (row[:, 0] | row[:, 1] << 16).astype(np.uint64))
                word, odd = outputs.data[6 + 3 * packet]
                assert (int(word) & 0xFFFFFF, int(word) >> 24) == tuple(results[vector, :2] & 0xFFFFFF)
                assert odd == results[vector, 2]
            assert np.flatnonzero(outputs.valid[:, 0]).tolist() == [6, 9, 12, 15, 18]


def test_fewer_vectors_than_files_hold(vectors: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    record = write_patterns(DESIGN, PackingSettings(depth=64), *(x[:7] for x in vectors), tmp_path / "patterns")
    assert record.files == (tuple(range(7)),)


def test_files_too_short_for_a_result_are_refused(vectors: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"first result ends with frame 5 \(take at least 6 frames\)"):
        write_patterns(DESIGN, PackingSettings(depth=5), *vectors, tmp_path / "patterns")


def test_no_record(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no packing of pattern files"):
        PatternRecord.load(tmp_path)


def test_a_bundle_holds_them_where_there_is_rtl(design: Design, tmp_path: Path) -> None:
    patterns.write(design, tmp_path)
    assert not list(tmp_path.iterdir())
    types = design.graph
    rtl = RtlDesign(
        name=design.project.name,
        form="unrolled",
        inputs=types.inputs,
        outputs=types.outputs,
        beats=1,
        interval=1,
        latency=7,
        verilog=(),
        vhdl=(),
    )
    proof = RtlProof(status="proven", reason="made up", vectors={"data": 1}, layers=())
    part = RtlPart(tmp_path, rtl, proof, tmp_path / "65_rtl.json")
    whole = dataclasses.replace(design, rtl=part, packing=PackingSettings(depth=50))
    patterns.write(whole, tmp_path)
    readme.write(whole, tmp_path)
    # an image of 16 pixels of 6 bits takes two words, a jet of some 7-bit numbers one more
    assert "on 3 links" in (tmp_path / "README.md").read_text()
    assert "the result of the first packet is in frame 7" in (tmp_path / "README.md").read_text()
    record = PatternRecord.load(tmp_path / "patterns")
    assert [len(rows) for rows in record.files] == [43, 43, 17]
    words = emp_patterns.read_v2(tmp_path / "patterns" / "emp_v2" / "input_1.txt").data[:43]
    image = design.vectors.inputs[0].reshape(-1, 16)[43:86]
    np.testing.assert_array_equal(words[:, 0] >> np.uint64(54) & np.uint64(63), image[:, 9])
