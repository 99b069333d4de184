"""Verilator proves right designs, and every way of being wrong is caught."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.errors import PipelineError, ProofFailedError, ToolNotFoundError
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.simulation.traffic import Traffic, TrafficPlan
from hls_projects.rtl.simulation.verilator import VerilogSimulator, build

if shutil.which("g++") is None:
    pytest.skip("g++ not found", allow_module_level=True)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Builds each design once: `compiled(handmade)` gives the simulator and its folder."""
    simulators: dict[str, tuple[VerilogSimulator, Path]] = {}

    def get(handmade: Any, fault: int = 0) -> VerilogSimulator:
        name = handmade.design.name
        if name not in simulators:
            folder = handmade.write(tmp_path_factory.mktemp(name) / "design")
            simulators[name] = build(folder, tmp_path_factory.mktemp(f"{name}_scratch")), folder
        simulator, folder = simulators[name]
        handmade.set_fault(folder, fault)
        return simulator

    return get


@pytest.fixture(params=["adder", "summer", "wide"])
def handmade(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_right_designs_are_proven(compiled: Any, handmade: Any) -> None:
    vectors = handmade.vectors(4000)
    batches = list(compiled(handmade).run(np.array_split(vectors, 3)))
    np.testing.assert_array_equal(np.concatenate([b.outputs for b in batches]), handmade.expected(vectors))
    traffic = Traffic.total(b.traffic for b in batches)
    assert traffic.images == 4000
    assert traffic.longest_run == 1067
    assert min(traffic.pauses, traffic.resets, traffic.forgotten) > 5


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (1, "out_valid is low in clock .* where the result of vector 0 is due, 2 clocks after in_valid"),
        (2, "out_valid is high in clock .* where no result is due"),
        (3, "out_valid is low in clock .* where the result of vector 0 is due"),
        (5, "out_valid is high"),
        (7, r"out_valid is low in clock .* \(without a gap\), where the result of vector 1 is due"),
        (8, "out_valid is high in clock .* where no result is due"),
    ],
)
def test_wrong_timing_is_named(compiled: Any, adder: Any, fault: int, message: str) -> None:
    with pytest.raises(ProofFailedError, match=message):
        list(compiled(adder, fault).run([adder.vectors(400)]))


def test_a_reset_that_is_ignored_while_images_are_on_their_way(compiled: Any, summer: Any) -> None:
    with pytest.raises(ProofFailedError, match=r"out_valid is high .*\(with pauses and resets\)"):
        list(compiled(summer, 3).run([summer.vectors(400)], TrafficPlan(without_gap=0, with_pauses=0)))


def test_a_longer_interval_than_promised_is_named(compiled: Any, summer: Any) -> None:
    with pytest.raises(ProofFailedError, match=r"out_valid is low .*\(without a gap\), .* vector 1 is due"):
        list(compiled(summer, 2).run([summer.vectors(400)]))


def test_one_wrong_result_is_seen(compiled: Any, adder: Any) -> None:
    vectors = np.vstack((adder.vectors(300), [[-64, 31]]))
    vectors[:300][(vectors[:300] == (-64, 31)).all(axis=1)] = 0
    (batch,) = compiled(adder, 4).run([vectors])
    assert np.argwhere(batch.outputs != adder.expected(vectors)).tolist() == [[300, 0]]
    assert batch.outputs[300, 0] == -64 + 31 + 1


def test_nothing_rests_on_an_initial_zero(compiled: Any, adder: Any) -> None:
    vectors = adder.vectors(50)
    (batch,) = compiled(adder, 6).run([vectors])
    np.testing.assert_array_equal(batch.outputs, adder.expected(vectors) + 1)


def test_a_sum_that_a_reset_leaves_behind_is_seen(compiled: Any, summer: Any) -> None:
    vectors = summer.vectors(400)
    (batch,) = compiled(summer, 1).run([vectors], TrafficPlan(without_gap=0.5))
    assert (batch.outputs[240:] != summer.expected(vectors)[240:]).any()


def test_the_vector_is_counted_over_all_batches(compiled: Any, adder: Any) -> None:
    simulator = compiled(adder, 3)
    outputs = simulator.run([np.zeros((0, 2), np.int64), adder.vectors(10)])
    assert next(outputs).outputs.shape == (0, 1)
    with pytest.raises(ProofFailedError, match="vector 0 is due"):
        next(outputs)


def test_batches_are_taken_when_they_are_needed(compiled: Any, adder: Any) -> None:
    taken = []

    def batches() -> Iterator[Any]:
        for i in range(50):
            taken.append(i)
            yield adder.vectors(5, seed=i)

    outputs = compiled(adder).run(batches(), workers=2)
    next(outputs)
    assert len(taken) == 3
    outputs.close()
    assert len(taken) == 3


def test_values_that_do_not_fit_are_refused(compiled: Any, adder: Any) -> None:
    with pytest.raises(ValueError, match=r"a value does not fit input 'y' of type ap_ufixed<5,5"):
        next(compiled(adder).run([np.array([[0, 32]])]))
    with pytest.raises(ValueError, match=r"vectors of shape \[n, 2\] are needed, not \[1, 3\]"):
        next(compiled(adder).run([np.array([[0, 1, 2]])]))


def test_verilog_that_is_refused(adder: Any, tmp_path: Path) -> None:
    folder = adder.write(tmp_path / "design")
    source = folder / "verilog" / "adder.v"
    source.write_text(source.read_text().replace("wire signed [7:0] x =", "wire signed [7:0] x = nothing +"))
    with pytest.raises(PipelineError, match="Verilator refuses the design: .*nothing"):
        build(folder, tmp_path)


def test_a_latch_is_refused(adder: Any, tmp_path: Path) -> None:
    folder = adder.write(tmp_path / "design")
    source = folder / "verilog" / "adder.v"
    latch = "reg held; always @* if (in_valid) held = rst;\nendmodule"
    source.write_text(source.read_text().replace("endmodule", latch))
    with pytest.raises(PipelineError, match="LATCH"):
        build(folder, tmp_path)


def test_a_missing_compiler_is_named(adder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = adder.write(tmp_path / "design")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolNotFoundError, match=r"g\+\+ not found"):
        build(folder, tmp_path)


def test_a_folder_without_a_design(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no RTL design"):
        RtlDesign.load(tmp_path)
