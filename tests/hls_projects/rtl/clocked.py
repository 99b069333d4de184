"""A machine run clock by clock in the compiler's interpreter, many streams at once: no simulator, no compilation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hls_projects.rtl.clocked.machine import Machine

Values = npt.NDArray[np.float64]


class Clocked:
    """The registers and wires of a machine; reset is never high.

    Args:
        machine: it.
        streams: that run side by side.
        rng: what stands in the registers before the first clock.
    """

    def __init__(self, machine: Machine, streams: int, rng: np.random.Generator) -> None:
        self.fsm: Any = machine.build()
        self.results = machine.results
        self.streams = streams
        self.wires = {signal.name: np.zeros((streams, signal.size)) for signal in self.fsm.signals.values()}
        for signal in self.fsm.signals.values():
            if signal.name.endswith("_const"):
                self.wires[signal.name][:] = signal.rst_to
            elif signal.reg and not signal.name.startswith("tick"):
                self.wires[signal.name] = _any(signal.precisions, streams, rng)

    def clock(self, valid: bool, data: Values) -> tuple[npt.NDArray[np.bool_], Values]:
        """One clock: `out_valid` [streams] and `out_data` [streams, outputs] before its end, from what was driven."""
        self.wires["in_valid"][:] = float(valid)
        self.wires["in_data"][:] = data
        computed: set[str] = set()
        for conn in self.fsm.comb_conns:
            self._connect(conn, self.wires, computed)
        valid_now, data_now = self.wires["out_valid"][:, 0] > 0, self._outputs()
        staged = {signal.name: self.wires[signal.name].copy() for signal in self.fsm.signals.values() if signal.reg}
        for conn in self.fsm.reg_conns:
            self._connect(conn, staged, computed)
        self.wires |= staged
        return valid_now, data_now

    def _outputs(self) -> Values:
        """All outputs; those that never change have no wires."""
        outputs = np.tile([interval.min for interval in self.results], (self.streams, 1))
        moving = [i for i, interval in enumerate(self.results) if interval.min != interval.max]
        if moving:
            outputs[:, moving] = self.wires["out_data"]
        return outputs

    def _connect(self, conn: Any, targets: dict[str, Values], computed: set[str]) -> None:
        source = self._read(conn.src, computed)
        target = targets[conn.dst.name][:, slice(*conn.dst.view)]
        if conn.enable_if is None:
            target[:] = source
        else:
            target[:] = np.where(self._read(conn.enable_if, computed)[:, :1] > 0, source, target)

    def _read(self, signal: Any, computed: set[str]) -> Values:
        name = signal.name
        if name.startswith("INTERNAL_") and name.endswith("_outp") and name not in computed:
            block = name.removeprefix("INTERNAL_").removesuffix("_outp")
            given = np.ascontiguousarray(self.wires[f"INTERNAL_{block}_inp"])
            self.wires[name] = self.fsm.logic[block].predict(given, n_threads=1)
            computed.add(name)
        return self.wires[name][:, slice(*signal.view)]


def _any(precisions: Any, streams: int, rng: np.random.Generator) -> Values:
    """Random numbers of some precisions."""
    columns = []
    for signed, integer, fraction in precisions:
        width = max(int(integer) + int(fraction), 0)
        low = -(1 << width) if signed else 0
        columns.append(np.ldexp(rng.integers(low, 1 << width, streams).astype(np.float64), -int(fraction)))
    return np.stack(columns, axis=1) if columns else np.zeros((streams, 0))


def images(machine: Machine, inputs: Values, begins: Sequence[int], latency: int) -> Values:
    """What a machine makes of images, each in its stream, one after the other.

    Args:
        machine: it.
        inputs: float64 [streams, images, beats, numbers a beat].
        begins: the clock of the first beat of each image.
        latency: clocks.

    Returns:
        float64 [streams, images, outputs].
    """
    streams, count, beats = inputs.shape[:3]
    rng = np.random.default_rng(1)
    design = Clocked(machine, streams, rng)
    beat_of = {begin + beat: (image, beat) for image, begin in enumerate(begins) for beat in range(beats)}
    results = []
    for time in range(begins[-1] + latency + 1):
        image, beat = beat_of.get(time, (rng.integers(count), rng.integers(beats)))
        valid, outputs = design.clock(time in begins, inputs[:, image, beat])
        assert valid.all() == valid.any() == (time - latency in begins)
        if valid.all():
            results.append(outputs)
    return np.stack(results, axis=1)
