"""A pass of the compiler that changes results is found and named, and no logic comes of it."""

from __future__ import annotations

import numpy as np
import pytest
from alkaid.trace.passes import add_surrogate, dead_code_elimin
from alkaid.trace.passes.canon import canonicalize_msb_wraps
from alkaid.types import CombLogic, QInterval

from data_prep.errors import ProofFailedError
from hls_projects.rtl.clocked import machine as machines
from hls_projects.rtl.clocked.machine import Machine, Pipelining
from hls_projects.rtl.logic.passes import EXHAUSTIVE, VECTORS, simplified, vectors
from hls_projects.rtl.logic.trace import compile_logic, logic_of
from hls_projects.rtl.logic.values import fresh, objects


def _sums(count: int) -> CombLogic:
    inputs = [fresh(-8.0, 7.0, 1.0) for _ in range(count)]
    outputs = [inputs[0] + inputs[-1], (inputs[0] - inputs[1]) * 0.5]
    return compile_logic(objects(inputs), objects(outputs), optimize=False)


def _without_the_last_bit(comb: CombLogic) -> CombLogic:
    """A wrong pass: the last output is doubled."""
    return comb._replace(out_shifts=[*comb.out_shifts[:-1], comb.out_shifts[-1] + 1])


@pytest.mark.parametrize("count", [2, 20])
def test_the_wrong_pass_is_named(count: int) -> None:
    passes = (dead_code_elimin, _without_the_last_bit, add_surrogate)
    with pytest.raises(ProofFailedError, match=r"the pass `_without_the_last_bit` .* changes results: output 1 is"):
        simplified(_sums(count), passes)


def test_a_pass_of_the_compiler_that_changes_results_is_found() -> None:
    """The reason why it is not used."""
    x = fresh(-4.0, 3.5, 0.5)
    comb = compile_logic(objects([x]), objects([(x * 4.0).quantize(0, 3, -2)]), optimize=False)
    assert simplified(comb).shape == (1, 1)
    with pytest.raises(ProofFailedError, match="the pass `canonicalize_msb_wraps`"):
        simplified(comb, (canonicalize_msb_wraps,))


def test_cutting_into_clocks_is_held_against_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("dut", Pipelining(cutoff=1))
    wires = machine.input([QInterval(-8.0, 7.0, 1.0)] * 2, (2,))
    values, flat = wires.fresh()
    comb = logic_of(flat, objects([values[0] + values[1] - 3.0]))
    assert machine.pipelined("sound", comb, [wires.signal], wires.time).time > wires.time
    monkeypatch.setattr(machines, "add_surrogate", lambda comb, **_: _without_the_last_bit(comb))
    with pytest.raises(ProofFailedError, match="cutting block 'wrong' into clocks"):
        machine.pipelined("wrong", comb, [wires.signal], wires.time)


def test_what_programs_are_tried_on() -> None:
    few = [QInterval(0.0, 3.0, 1.0)] + [QInterval(0.0, 0.0, 1.0)] * 60
    np.testing.assert_array_equal(vectors(few)[:, 0], [0, 1, 2, 3])
    many = [QInterval(-8.0, 7.5, 0.5)] * 30
    tried = vectors(many)
    assert len(tried) == VECTORS
    np.testing.assert_array_equal(tried, vectors(many))
    for whole in (-8.0, 7.5, 0.0):
        assert (tried == whole).all(axis=1).any()
    assert (tried >= -8).all() and (tried <= 7.5).all() and not (tried * 2 % 1).any()
    assert ((tried * 2 % 8 == 0).all(axis=1)).sum() > 100, "coarse ones"
    assert len(vectors([QInterval(0.0, 63.0, 1.0)] * 2)) == EXHAUSTIVE
    assert len(vectors([QInterval(0.0, 1.0, 1.0)] * 70_000)) == 64
