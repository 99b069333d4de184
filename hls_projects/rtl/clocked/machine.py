"""Clocked logic: registers, enables and pipelined blocks of combinational logic, put together wire by wire.

A `Wires` is a bundle of numbers that stand in one signal at one time of an image, counted in clocks from the one with
`in_valid`. Constants take no wires. The compiler's state machine (`alkaid.stateful`) carries it to Verilog and VHDL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
from alkaid.stateful import FSM, Conn, Signal
from alkaid.trace.fixed_variable import FVariable
from alkaid.trace.passes import add_surrogate, dead_code_elimin, fuse_ternary_adders
from alkaid.trace.pipeline import _split_comb_logic
from alkaid.types import CombLogic, QInterval

from hls_projects.network.port import Port
from hls_projects.rtl.logic.passes import require_same
from hls_projects.rtl.logic.trace import logic_of
from hls_projects.rtl.logic.values import ADDERS, Tensor, tree

BIT = (False, 1, 0)


@dataclass(frozen=True)
class Pipelining:
    """How combinational logic is cut into clocks.

    Attributes:
        cutoff: largest delay of a clock, in adders; none where `stages` says it.
        stages: clocks of the whole block; none where `cutoff` says it.
        ternary: whether adders of three are formed.
    """

    cutoff: float | None = None
    stages: int | None = None
    ternary: bool = True

    def split(self, comb: CombLogic) -> tuple[CombLogic, ...]:
        """The block cut into clocks."""
        if self.ternary:
            comb = add_surrogate(dead_code_elimin(fuse_ternary_adders(comb)), _skip_op8_cost=True)
        parts: tuple[CombLogic, ...] = _split_comb_logic(comb, self.stages, self.cutoff, verbose=False)
        return parts


@dataclass(frozen=True)
class Wires:
    """Numbers in one signal.

    Attributes:
        signal: those that are no constants, in C order.
        intervals: of every number, by C order; constants have equal bounds.
        shape: of the array of numbers.
        time: when they stand there, in clocks from the one with `in_valid`.
    """

    signal: Signal
    intervals: tuple[QInterval, ...]
    shape: tuple[int, ...]
    time: int

    def fresh(self) -> tuple[Tensor, Tensor]:
        """The numbers as new traced values: all [*shape], and flat those that come from the signal."""
        values = np.empty(len(self.intervals), dtype=object)
        values[:] = [FVariable(*interval, hwconf=ADDERS, latency=0.0) for interval in self.intervals]
        moving = [value for value, interval in zip(values, self.intervals, strict=True) if interval.min != interval.max]
        flat = np.empty(len(moving), dtype=object)
        flat[:] = moving
        return values.reshape(self.shape), flat


@dataclass
class Machine:
    """Clocked logic while it is put together: blocks, registers and their connections."""

    name: str
    pipelining: Pipelining
    logic: dict[str, CombLogic] = field(default_factory=dict)
    conns: list[Conn] = field(default_factory=list)
    results: tuple[QInterval, ...] = ()
    _ticks: list[Signal] = field(default_factory=list)
    _unions: dict[tuple[int, ...], Signal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset = Signal("rst", True, (BIT,), reg=False, mode="r")
        self._ticks.append(Signal("in_valid", True, (BIT,), reg=False, mode="r"))

    def tick(self, time: int) -> Signal:
        """One bit that is high `time` clocks after the one with `in_valid`."""
        while len(self._ticks) <= time:
            name = f"tick{len(self._ticks)}"
            self._ticks.append(self._to(Signal(name, False, (BIT,), rst_if=self.reset, reg=True), self._ticks[-1]))
        return self._ticks[time]

    def input(self, intervals: Sequence[QInterval], shape: tuple[int, ...]) -> Wires:
        """The port `in_data`, registered."""
        precisions = tuple(interval.kif for interval in intervals)
        port = Signal("in_data", True, precisions, reg=False, mode="r")
        register = self._to(Signal("beat", False, precisions, reg=True), port)
        return Wires(register, tuple(intervals), shape, 1)

    def output(self, results: Sequence[Wires]) -> int:
        """Connect results to the port `out_data`, one after the other, and their time to `out_valid`.

        Returns:
            the latency in clocks.
        """
        time = max(wires.time for wires in results)
        self._to(Signal("out_valid", True, (BIT,), reg=False), self.tick(time))
        self.results = tuple(interval for wires in results for interval in wires.intervals)
        aligned = [self.delayed(wires, time - wires.time, f"output{i}").signal for i, wires in enumerate(results)]
        precisions = tuple(precision for signal in aligned for precision in signal.precisions)
        port = Signal("out_data", True, precisions, reg=False)
        first = 0
        for signal in aligned:
            if signal.size:
                self._to(port[first : first + signal.size], signal)
                first += signal.size
        return time

    def delayed(self, wires: Wires, clocks: int, name: str) -> Wires:
        """The same numbers some clocks later."""
        signal = wires.signal
        for number in range(clocks if signal.size else 0):
            signal = self.register(f"{name}_{number + 1}", signal)
        return Wires(signal, wires.intervals, wires.shape, wires.time + clocks)

    def register(self, name: str, source: Signal, enable: Signal | None = None, clear: Signal | None = None) -> Signal:
        """A register that takes its source at every clock, or at those with `enable`; zero after those with `clear`."""
        signal = Signal(name, False, source.precisions, rst_if=clear, reg=True)
        return self._to(signal, source, enable)

    def any_tick(self, times: Sequence[int]) -> Signal:
        """One bit that is high at each of some times."""
        key = tuple(times)
        if len(key) == 1:
            return self.tick(key[0])
        if key not in self._unions:
            bits = np.empty(len(key), dtype=object)
            bits[:] = [FVariable(0.0, 1.0, 1.0, hwconf=ADDERS, latency=0.0) for _ in key]
            union = np.array([tree(list(bits), lambda a, b: a | b)], dtype=object)
            name = f"when{len(self._unions)}"
            self._unions[key] = self._block(name, logic_of(bits, union), [self.tick(time) for time in key])
        return self._unions[key]

    def block(self, name: str, sources: Sequence[Signal], inputs: Tensor, outputs: Tensor, time: int) -> Wires:
        """Pipelined logic behind a register a stage.

        Args:
            name: of the block, a Verilog and VHDL identifier.
            sources: the signals that hold the inputs, one after the other.
            inputs: traced inputs, flat, as the sources hold them.
            outputs: traced outputs.
            time: when the sources hold them.
        """
        wires = self.pipelined(name, logic_of(inputs, outputs.ravel()), sources, time)
        return replace(wires, shape=outputs.shape)

    def clocked(self, name: str, sources: Sequence[Signal], inputs: Tensor, outputs: Tensor, time: int) -> Wires:
        """Logic of one clock, however deep; see `block`."""
        wires = self.pipelined(name, logic_of(inputs, outputs.ravel()), sources, time, whole=True)
        return replace(wires, shape=outputs.shape)

    def state(self, name: str, intervals: Sequence[QInterval], time: int) -> Wires:
        """A register that logic reads before its input exists; `feed` connects the input."""
        signal = Signal(name, False, tuple(interval.kif for interval in intervals), reg=True)
        return Wires(signal, tuple(intervals), (len(intervals),), time)

    def feed(self, state: Wires, name: str, sources: Sequence[Signal], inputs: Tensor, outputs: Tensor) -> None:
        """Let a state take the outputs of logic at every clock; none of them may be constant."""
        self._to(state.signal, self._block(name, logic_of(inputs, outputs.ravel()), sources))

    def pipelined(
        self, name: str, comb: CombLogic, sources: Sequence[Signal], time: int, *, whole: bool = False
    ) -> Wires:
        """A program cut into clocks, or `whole` in one; its constant outputs take no wires."""
        intervals = tuple(comb.out_qint)
        moving = [index for index, interval in enumerate(intervals) if interval.min != interval.max]
        kept = comb._replace(
            shape=(comb.shape[0], len(moving)),
            **{part: [getattr(comb, part)[i] for i in moving] for part in ("out_idxs", "out_shifts", "out_negs")},
        )
        if not moving:
            return Wires(Signal(f"{name}_out", False, (), reg=True), intervals, (len(intervals),), time)
        signals = list(sources)
        tidy = dead_code_elimin(kept)
        parts = (tidy,) if whole else self.pipelining.split(tidy)
        require_same(kept, parts, f"cutting block '{name}' into clocks by the passes")
        for number, part in enumerate(parts):
            block = self._block(f"{name}_{number + 1}", part, signals)
            signals = [self.register(f"{name}_{number + 1}_out", block)]
        return Wires(signals[0], intervals, (len(intervals),), time + len(parts))

    @property
    def estimate(self) -> float:
        """The compiler's own estimate of LUTs; no synthesised count."""
        return float(sum(comb.cost for comb in self.logic.values()))

    @property
    def registers(self) -> int:
        """Bits in registers, delay lines included."""
        return sum(signal.width for signal in self.build().signals.values() if signal.reg)

    def build(self) -> FSM:
        """The state machine."""
        return FSM(dict(self.logic), tuple(self.conns))

    def _block(self, name: str, comb: CombLogic, sources: Sequence[Signal]) -> Signal:
        """One block of combinational logic, its inputs connected."""
        full = f"{self.name}_{name}"
        self.logic[full] = comb
        taken = Signal(f"INTERNAL_{full}_inp", False, tuple(q.kif for q in comb.inp_qint), reg=False, mode="r")
        given = Signal(f"INTERNAL_{full}_outp", False, tuple(q.kif for q in comb.out_qint), reg=False, mode="w")
        first = 0
        for source in sources:
            # Inputs that nothing uses have no bits. alkaid 0.8.2 would count those of the source all the same, wrongly
            # where its numbers have coarse steps or are small: they are left out, and what lies between is connected.
            bits = taken.bitwidths[first : first + source.size]
            for start, end in _runs([width > 0 for width in bits]):
                self._to(taken[first + start : first + end], source[start:end])
            first += source.size
        return given

    def _to(self, target: Signal, source: Signal, enable: Signal | None = None) -> Signal:
        self.conns.append(Conn(source, target, enable))
        return target


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where flags are set, from the first to behind the last of each run.

    >>> list(_runs([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    for value, run in groupby(range(len(flags)), key=lambda i: flags[i]):
        places = list(run)
        if value:
            yield places[0], places[-1] + 1


def port_intervals(port: Port) -> list[QInterval]:
    """The intervals of a port's numbers, C order."""
    return [QInterval(port.type.minimum, port.type.maximum, port.type.step)] * int(np.prod(port.shape))
