"""The builder of pair images as logic, all pairs at once and some candidates a clock, equals the reference."""

from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.errors import UnsupportedModelError
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.pair_builder import PairBuilder
from hls_projects.blocks.pair_builder_vectors import pair_vectors
from hls_projects.rtl.clocked.machine import Pipelining
from hls_projects.rtl.forms.pair_image import trace_pairs, write_parallel
from hls_projects.rtl.forms.pair_serial import SerialPairs, Unit, write_serial
from hls_projects.rtl.simulation import ghdl, verilator
from tests.hls_projects.blocks.pair_builders import ODD, pair_builder

Integers = npt.NDArray[np.int64]

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
needs_ghdl = pytest.mark.skipif(shutil.which("ghdl") is None, reason="ghdl not found")


def vectors(builder: PairBuilder, count: int) -> tuple[Integers, Integers]:
    """All kinds: the inputs flat [vectors, 3 · number], and the images flat that the reference makes of them."""
    kinds = pair_vectors(builder, count, seed=7).values()
    raw = [np.concatenate([kind[i] for kind in kinds]) for i in range(3)]
    return np.concatenate(raw, axis=1), builder.build(*raw).reshape(len(raw[0]), -1)


TWO = PairBuilder(candidates=CandidateSettings(number=2), rows=(80,), columns=(10, 60), bits=1)
SERIAL: dict[str, tuple[PairBuilder, int]] = {
    "odd": (ODD, 1),
    "16 candidates": (pair_builder(16), 1),
    "two a clock, three channels": (pair_builder(16, 8, leading=(2, 6)), 2),
    "four a clock, narrow pixels": (pair_builder(16, 4, bits=3), 4),
    "two of six a clock": (pair_builder(6, 3, leading=(1,), mantissa=0), 2),
    "two candidates": (TWO, 1),
    "32 candidates, pieces of rows, two channels": (pair_builder(32, leading=(4,)), 1),
}
"""Builders and candidates a clock."""
QUICK = ("odd", "two a clock, three channels", "two candidates")
"""Those whose Verilog is simulated in every run; their VHDL, which needs no compiler, always is."""
PARALLEL: dict[str, PairBuilder] = {
    "odd": ODD,
    "four candidates": pair_builder(4, 4, leading=(1,)),
    "two candidates": pair_builder(2, 3, mantissa=0),
    "eight candidates": pair_builder(8, 6, bits=3),
}


def partner(plan: SerialPairs, unit: Unit, beat: int) -> int:
    """The rank of the candidate that a unit pairs with the one of its lane that came in some beat."""
    if unit.held:
        return unit.partner
    now = beat + unit.before
    if now < plan.beats:
        return plan.per_clock * now + unit.partner
    assert unit.across is not None
    lane, waited = unit.across
    return plan.per_clock * (now - waited) + lane


@pytest.mark.parametrize("leading", [(), (1,), (2, 4), (3,)])
@pytest.mark.parametrize("number", [6, 9, 12, 16, 32])
def test_every_pair_meets_once_in_its_channel(number: int, leading: tuple[int, ...]) -> None:
    for per_clock in (n for n in range(1, number) if number % n == 0):
        builder = TWO.model_copy(update={"candidates": CandidateSettings(number=number), "leading": leading})
        plan = SerialPairs(builder, per_clock)
        met: list[tuple[int, int, int]] = []
        for unit in plan.units:
            for beat in range(unit.first, unit.first + unit.beats):
                pair = sorted((per_clock * beat + unit.lane, partner(plan, unit, beat)))
                met.append((pair[0], pair[1], unit.channel))
        wanted = [(i, j, sum(bound <= i for bound in leading)) for i, j in combinations(range(number), 2)]
        assert sorted(met) == wanted


@needs_compiler
@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.more) for n in SERIAL])
def test_serial_verilog(name: str, tmp_path: Path) -> None:
    """Without a gap, with pauses, with resets."""
    builder, per_clock = SERIAL[name]
    design = write_serial(builder, "dut", tmp_path / "rtl", per_clock)
    assert design.interval == design.beats == builder.candidates.number // per_clock
    flat, wanted = vectors(builder, 600)
    simulated = list(verilator.build(tmp_path / "rtl", tmp_path).run([flat]))
    np.testing.assert_array_equal(np.concatenate([each.outputs for each in simulated]), wanted)
    assert all(each.traffic.resets and each.traffic.pauses and each.traffic.longest_run > 500 for each in simulated)


@needs_ghdl
@pytest.mark.parametrize("name", SERIAL)
def test_serial_vhdl(name: str, tmp_path: Path) -> None:
    builder, per_clock = SERIAL[name]
    write_serial(builder, "dut", tmp_path / "rtl", per_clock)
    flat, wanted = vectors(builder, 100)
    every = len(flat) // 40
    found = np.concatenate([each.outputs for each in ghdl.build(tmp_path / "rtl", tmp_path).run([flat[::every]])])
    np.testing.assert_array_equal(found, wanted[::every])


@needs_compiler
@needs_ghdl
def test_rows_leave_one_a_clock(tmp_path: Path) -> None:
    """The simulators look at the clock with `out_valid`, in which the first row stands."""
    builder = pair_builder(12, 6, leading=(3,))
    design = write_serial(builder, "dut", tmp_path / "rtl", by_rows=True)
    whole = write_serial(builder, "whole", tmp_path / "whole")
    assert design.latency == whole.latency - SerialPairs(builder).words
    flat, wanted = vectors(builder, 100)
    row = builder.shape[1] * builder.shape[2]
    for found in (
        verilator.build(tmp_path / "rtl", tmp_path).run([flat]),
        ghdl.build(tmp_path / "rtl", tmp_path).run([flat[:40]]),
    ):
        (simulated,) = found
        np.testing.assert_array_equal(simulated.outputs, wanted[: len(simulated.outputs), :row])


@needs_compiler
@needs_ghdl
@pytest.mark.more
def test_serial_on_a_hundred_thousand_vectors(tmp_path: Path) -> None:
    builder = pair_builder(32)
    write_serial(builder, "dut", tmp_path / "rtl")
    flat, wanted = vectors(builder, 100_000)
    parts = np.array_split(flat, 20)
    found = [each.outputs for each in verilator.build(tmp_path / "rtl", tmp_path).run(parts)]
    np.testing.assert_array_equal(np.concatenate(found), wanted)
    some = slice(0, None, 100)
    (simulated,) = ghdl.build(tmp_path / "rtl", tmp_path).run([flat[some]])
    np.testing.assert_array_equal(simulated.outputs, wanted[some])


@pytest.mark.parametrize("name", PARALLEL)
def test_parallel_logic(name: str) -> None:
    builder = PARALLEL[name]
    flat, wanted = vectors(builder, 2000)
    types = [port.type for port in builder.ports for _ in range(port.shape[0])]
    values = np.stack([kind.to_float(column) for kind, column in zip(types, flat.T, strict=True)], axis=1)
    found = trace_pairs(builder).predict(np.ascontiguousarray(values), n_threads=1)
    np.testing.assert_array_equal(found, wanted)


@needs_compiler
@needs_ghdl
@pytest.mark.parametrize("name", ["odd", "four candidates"])
def test_parallel_rtl(name: str, tmp_path: Path) -> None:
    builder = PARALLEL[name]
    design = write_parallel(builder, "dut", tmp_path / "rtl", Pipelining(3))
    assert (design.interval, design.beats) == (1, 1)
    flat, wanted = vectors(builder, 300)
    (verilog,) = verilator.build(tmp_path / "rtl", tmp_path).run([flat])
    np.testing.assert_array_equal(verilog.outputs, wanted)
    (vhdl,) = ghdl.build(tmp_path / "rtl", tmp_path).run([flat[::20]])
    np.testing.assert_array_equal(vhdl.outputs, wanted[::20])


@pytest.mark.parametrize(
    ("builder", "per_clock", "why"),
    [
        (pair_builder(6, 3), 4, "6 candidates cannot come 4 a clock"),
        (pair_builder(6, 3), 6, "6 candidates cannot come 6 a clock"),
        (pair_builder(16, 12), 2, "an image of 12 rows does not go out in the 8 clocks"),
    ],
)
def test_forms_that_do_not_go_are_refused(builder: PairBuilder, per_clock: int, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        SerialPairs(builder, per_clock)
