"""The image builder with some candidates a clock. `ImageBuilder.build` says what it must compute.

Every candidate has a slot. The first one of a pixel stays in its slot and takes the pT of all that follow it there, so
that after the last beat the image is a list: at most one value a pixel, as many as candidates. The list is held while
the image is made of it, some rows a clock; the next candidates come in meanwhile, so that jets follow each other
without a gap. The seed is read with every beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from alkaid.stateful import Signal
from alkaid.types import QInterval

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.image_builder import ImageBuilder
from hls_projects.rtl.flow import Flow, Segment
from hls_projects.rtl.image_builder import column_of, finished, inside, left_shift, located, one_hot, row_of
from hls_projects.rtl.machine import Machine, Wires, port_intervals
from hls_projects.rtl.quantizer import Form
from hls_projects.rtl.values import Tensor, bit, either, equal, gated, inverted, objects, tree, variable


def check_serial(builder: ImageBuilder, per_clock: int) -> int:
    """The beats of a jet.

    Raises:
        UnsupportedModelError: when its candidates cannot come so many a clock.
    """
    number = builder.candidates.number
    if number % per_clock or per_clock == number:
        divisors = ", ".join(str(n) for n in range(1, number) if number % n == 0)
        raise UnsupportedModelError(
            f"{number} candidates cannot come {per_clock} a clock",
            remedy=f"set candidates_per_clock to one of {divisors}" if divisors else "use the parallel form",
        )
    return number // per_clock


def serial_image(
    machine: Machine, builder: ImageBuilder, kind: FixedType, form: Form, per_clock: int, rows: int
) -> Flow:
    """The image of candidates, by rows.

    Args:
        machine: gets the port and the builder.
        builder: what is built.
        kind: type of the image's pixels.
        form: how quantizers saturate.
        per_clock: candidates a clock.
        rows: of the image a clock, a divisor of its height.
    """
    return _Serial(machine, builder, kind, form, per_clock).rows(rows)


def _tick(reader: Segment, signal: Signal) -> Any:
    """One bit of the control as a value."""
    return reader.read(Wires(signal, (QInterval(0.0, 1.0, 1.0),), (1,), reader.time))[0]


class _Serial:
    """Puts the pieces together; times count clocks from the one with `in_valid`, of the first beat."""

    def __init__(self, machine: Machine, builder: ImageBuilder, kind: FixedType, form: Form, per_clock: int) -> None:
        self.machine, self.builder, self.kind, self.form = machine, builder, kind, form
        self.lanes = per_clock
        self.beats = builder.candidates.number // per_clock
        self.slots = [(beat, lane) for beat in range(self.beats) for lane in range(per_clock)]
        self.pairs = [(first, last) for last in range(per_clock) for first in range(last)]

    def rows(self, rows: int) -> Flow:
        """The image, `rows` of it a clock."""
        beats = self.builder.shape[0] // rows
        items = self._list(*self._arrived())
        segment = Segment(items.time)
        number: Any = variable(0.0)
        if beats > 1:
            start = self.machine.tick(items.time)
            held = self.machine.register("list", items.signal, start)
            items = Wires(held, items.intervals, items.shape, items.time + 1)
            segment = Segment(items.time)
            number = segment.read(self._counter(beats, start, items.time))[0]
        return Flow(beats, 1, self._row_logic(segment.read(items), number, rows), segment)

    def _arrived(self) -> tuple[Wires, list[Wires]]:
        """Key and pT of each lane and which lanes of a beat have the same key; the keys kept of each beat."""
        ports = self.builder.ports
        taken = [port.model_copy(update={"shape": (self.lanes,)}) for port in ports[:3]] + list(ports[3:])
        intervals = [interval for port in taken for interval in port_intervals(port)]
        beat = self.machine.input(intervals, (len(intervals),))
        values, flat = beat.fresh()
        pt, eta, phi, seed_eta, seed_phi = np.split(values, np.cumsum([self.lanes] * 3 + [1]))
        keys = located(self.builder, eta, phi, seed_eta, seed_phi)
        counted = [gated(inside(self.builder, key), one) for key, one in zip(keys, pt, strict=True)]
        same = [equal(keys[first], keys[last]) for first, last in self.pairs]
        arrived = self.machine.block("candidates", [beat.signal], flat, objects([*keys, *counted, *same]), beat.time)
        kept = []
        for number in range(self.beats):
            enable = self.machine.tick(arrived.time + number)
            signal = self.machine.register(f"keys{number}", arrived.signal[0 : self.lanes], enable)
            kept.append(Wires(signal, arrived.intervals[: self.lanes], (self.lanes,), arrived.time + 1))
        return arrived, kept

    def _list(self, arrived: Wires, keys: Sequence[Wires]) -> Wires:
        """Whether each slot holds a value, where it belongs, and the value, for the whole list at once."""
        time = arrived.time
        found = self._compared(arrived, keys)
        sums, total = self._summed(found, time + 1)
        leaders = [
            self.machine.register(
                f"leaders{number}", found.signal[0 : self.lanes], self.machine.tick(time + 1 + number)
            )
            for number in range(self.beats)
        ]
        reader = Segment(time)
        lead = np.concatenate(
            [reader.read(Wires(signal, found.intervals[: self.lanes], (self.lanes,), 0)) for signal in leaders]
        )
        place = np.concatenate(
            [reader.read(self.machine.delayed(each, 1, f"keys{number}_late")) for number, each in enumerate(keys)]
        )
        totals = reader.read(sums)
        shift = None if total is None else left_shift(self.builder, reader.read(total)[0])
        values = [finished(self.builder, self.kind, self.form, each, shift) for each in totals]
        end = time + 1 + self.beats
        return self.machine.block("values", reader.sources, reader.flat, objects([*lead, *place, *values]), end)

    def _compared(self, arrived: Wires, keys: Sequence[Wires]) -> Wires:
        """Whether each lane is the first of its pixel, its pT, which lanes are the same, and which go to which slot."""
        reader = Segment(arrived.time)
        own, counted, same = np.split(reader.read(arrived), [self.lanes, 2 * self.lanes])
        before = np.concatenate([reader.read(each) for each in keys[:-1]])
        last = arrived.time + self.beats
        live = {
            b: _tick(reader, self.machine.any_tick(range(arrived.time + b + 1, last))) for b in range(self.beats - 1)
        }
        equals = [
            gated(live[beat], equal(key, lane))
            for (beat, _), key in zip(self.slots[: -self.lanes], before, strict=True)
            for lane in own
        ]
        within = dict(zip(self.pairs, same, strict=True))
        leaders = []
        for number, key in enumerate(own):
            taken = either([*equals[number :: self.lanes], *(within[first, number] for first in range(number))])
            leaders.append(gated(inside(self.builder, key), inverted(taken)))
        made = objects([*leaders, *counted, *same, *equals])
        return self.machine.clocked("compare", reader.sources, reader.flat, made, arrived.time)

    def _summed(self, found: Wires, time: int) -> tuple[Wires, Wires | None]:
        """The sum of each slot, and of all candidates where it is asked for."""
        step, largest = self.builder.candidates.pt.type.step, self.builder.candidates.pt.type.maximum
        number = len(self.slots)
        intervals = [QInterval(0.0, largest * (number - slot), step) for slot in range(number)]
        if self.builder.normalise:
            intervals.append(QInterval(0.0, largest * number, step))
        sums = self.machine.state("sums", intervals, time + self.beats)
        reader = Segment(time)
        _, counted, same, equals = np.split(reader.read(found), np.cumsum([self.lanes, self.lanes, len(self.pairs)]))
        held = reader.read(sums)
        begins = [_tick(reader, self.machine.tick(time + beat)) for beat in range(self.beats)]
        within = dict(zip(self.pairs, same, strict=True))
        made = []
        for slot, (beat, lane) in enumerate(self.slots):
            parts = [gated(inverted(begins[beat]), held[slot])]
            for other in range(self.lanes):
                first = begins[beat] if other == lane else gated(begins[beat], within.get((lane, other), 0.0))
                later = equals[slot * self.lanes + other] if beat < self.beats - 1 else variable(0.0)
                parts.append(gated(either([first, later]), counted[other]))
            made.append(_added(parts, intervals[slot]))
        if self.builder.normalise:
            made.append(_added([gated(inverted(begins[0]), held[number]), *counted], intervals[number]))
        self.machine.feed(sums, "sum", reader.sources, reader.flat, objects(made))
        if not self.builder.normalise:
            return sums, None
        pieces = (slice(0, number), slice(number, number + 1))
        each, total = (Wires(sums.signal[p], sums.intervals[p], (p.stop - p.start,), sums.time) for p in pieces)
        return each, total

    def _counter(self, beats: int, start: Signal, time: int) -> Wires:
        """Counts the beats of the image from 0."""
        state = self.machine.state("row", [QInterval(0.0, 2.0 ** (beats - 1).bit_length() - 1.0, 1.0)], time)
        reader = Segment(time)
        value = reader.read(state)[0]
        after = (value + 1.0).quantize(0, (beats - 1).bit_length(), 0)
        made = gated(inverted(_tick(reader, start)), after)
        self.machine.feed(state, "count", reader.sources, reader.flat, objects([made]))
        return state

    def _row_logic(self, items: Tensor, number: Any, rows: int) -> Tensor:
        """The rows with a number, [rows, columns, 1]."""
        lead, places, values = np.split(items, 3)
        columns = self.builder.shape[1]
        hot = [one_hot(column_of(self.builder, place), columns) for place in places]
        first = sum((number * 2.0**i for i in range(rows.bit_length()) if rows >> i & 1), variable(0.0))
        made = np.empty((rows, columns, 1), dtype=object)
        for row in range(rows):
            wanted = first + float(row)
            here = [
                gated(gated(leads, equal(row_of(self.builder, place), wanted)), one)
                for leads, place, one in zip(lead, places, hot, strict=True)
            ]
            for column in range(columns):
                at = [gated(bit(each, column), value) for each, value in zip(here, values, strict=True)]
                made[row, column, 0] = either(at)
        return made


def _added(parts: Sequence[Any], interval: QInterval) -> Any:
    """A sum that is known to lie in an interval."""
    total = tree([part for part in parts if part.low != part.high], lambda a, b: a + b)
    _, integer, fraction = interval.kif
    return total.quantize(0, int(integer), int(fraction))
