"""GHDL proves right designs, and every way of being wrong is caught."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.errors import PipelineError, ProofFailedError, ToolNotFoundError
from hls_projects.rtl.simulation.ghdl import build, ghdl_version
from hls_projects.rtl.simulation.traffic import TrafficPlan

needs_ghdl = pytest.mark.skipif(shutil.which("ghdl") is None, reason="ghdl not found")


@needs_ghdl
@pytest.mark.parametrize("name", ["adder", "summer", "wide"])
def test_right_designs_are_proven(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    handmade = request.getfixturevalue(name)
    vectors = handmade.vectors(300)
    batches = list(
        build(handmade.write(tmp_path / "design"), tmp_path).run([vectors[:200], vectors[200:], vectors[:0]])
    )
    np.testing.assert_array_equal(np.concatenate([b.outputs for b in batches]), handmade.expected(vectors))
    assert batches[0].traffic.longest_run == 160
    assert min(batches[0].traffic.resets, batches[0].traffic.pauses) > 0


@needs_ghdl
@pytest.mark.parametrize(
    ("name", "fault", "message"),
    [
        ("adder", 1, "out_valid is low in clock .* where the result of vector 0 is due, 2 clocks after in_valid"),
        ("adder", 2, "out_valid is high in clock .* where no result is due"),
        ("adder", 3, "out_valid is low in clock .* where the result of vector 0 is due"),
        ("adder", 5, "out_valid is high"),
        ("adder", 6, "out_data holds undefined bits in clock .* where the result of vector 0 stands"),
        ("adder", 7, r"out_valid is low in clock .* \(without a gap\), where the result of vector 1 is due"),
        ("adder", 8, "out_valid is high in clock .* where no result is due"),
        ("summer", 2, r"out_valid is low .*\(without a gap\), .* vector 1 is due"),
        ("summer", 3, r"out_valid is high .*\(with pauses and resets\)"),
    ],
)
def test_what_is_wrong_is_named(
    name: str, fault: int, message: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    handmade = request.getfixturevalue(name)
    simulator = build(handmade.write(tmp_path / "design", fault), tmp_path)
    with pytest.raises(ProofFailedError, match=message):
        list(simulator.run([handmade.vectors(400)]))


@needs_ghdl
def test_one_wrong_result_is_seen(adder: Any, tmp_path: Path) -> None:
    vectors = np.array([[3, 4], [-64, 31], [-64, 30]])
    (batch,) = build(adder.write(tmp_path / "design", 4), tmp_path).run([vectors])
    assert batch.outputs.tolist() == [[7], [-32], [-34]]


@needs_ghdl
def test_a_sum_that_a_reset_leaves_behind_is_seen(summer: Any, tmp_path: Path) -> None:
    vectors = summer.vectors(100)
    (batch,) = build(summer.write(tmp_path / "design", 1), tmp_path).run([vectors], TrafficPlan(without_gap=0.5))
    assert (batch.outputs[60:] != summer.expected(vectors)[60:]).any()


@needs_ghdl
def test_vhdl_that_is_refused(adder: Any, tmp_path: Path) -> None:
    folder = adder.write(tmp_path / "design")
    source = folder / "vhdl" / "adder.vhd"
    source.write_text(source.read_text().replace("sum <= resize", "sum <= nothing"))
    with pytest.raises(PipelineError, match="GHDL refuses the design: .*nothing"):
        build(folder, tmp_path)


def test_a_missing_tool_is_named(adder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolNotFoundError, match="ghdl not found"):
        build(adder.write(tmp_path / "design"), tmp_path)
    with pytest.raises(ToolNotFoundError, match="ghdl not found"):
        ghdl_version()
