"""The image builder with some candidates a clock. `ImageBuilder.build` says what it must compute.

Every candidate has a slot. The first one of a pixel stays in its slot and takes the pT of all that follow it there, so
that after the last beat the image is a list: at most one value a pixel, as many as candidates. The list is held while
the image is made of it: some rows a clock, or, where one candidate comes a clock and the whole image is wanted, one
pixel a clock (`pixel_list.py`), which is smaller. The next candidates come in meanwhile, so that jets follow each other
without a gap. The seed is read with every beat.

A slot's sum saturates as it grows, which gives what saturating the whole sum gives, for no pT is negative: it has the
bits of a pixel and one above them, which stays set. A slot is cleared in the clock before its own candidate comes, so
that a sum takes one LUT a bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from alkaid.types import QInterval

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.rtl.clocked.flow import Flow, Segment
from hls_projects.rtl.clocked.machine import Machine, Wires, port_intervals
from hls_projects.rtl.forms.pixel_list import PixelList, counter, scattered, tick_of
from hls_projects.rtl.logic.image_builder import column_of, finished, inside, left_shift, located, one_hot, row_of
from hls_projects.rtl.logic.quantizer import Form, quantize
from hls_projects.rtl.logic.values import Tensor, bit, either, equal, field, gated, inverted, objects, tree, variable


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
    machine: Machine, builder: ImageBuilder, pixel_type: FixedType, form: Form, per_clock: int, rows: int | None
) -> Flow:
    """The image of candidates, by rows or whole.

    Args:
        machine: gets the port and the builder.
        builder: the image builder.
        pixel_type: type of the image's pixels.
        form: how quantizers saturate.
        per_clock: candidates a clock.
        rows: of the image a clock, a divisor of its height; none for the whole image, of candidates one a clock.
    """
    serial = _Serial(machine, builder, pixel_type, form, per_clock)
    return scattered(machine, builder, pixel_type, form, serial.merged()) if rows is None else serial.rows(rows)


class _Serial:
    """Puts the pieces together; times count clocks from the one with `in_valid`, of the first beat."""

    def __init__(
        self, machine: Machine, builder: ImageBuilder, pixel_type: FixedType, form: Form, per_clock: int
    ) -> None:
        self.machine, self.builder, self.pixel_type, self.form = machine, builder, pixel_type, form
        self.lanes = per_clock
        self.beats = builder.candidates.number // per_clock
        self.slots = [(beat, lane) for beat in range(self.beats) for lane in range(per_clock)]
        self.pairs = [(first, last) for last in range(per_clock) for first in range(last)]

    def rows(self, rows: int) -> Flow:
        """The image, `rows` of it a clock."""
        beats = self.builder.shape[0] // rows
        items = self._list(self.merged())
        segment = Segment(items.time)
        number: Any = variable(0.0)
        if beats > 1:
            start = self.machine.tick(items.time)
            held = self.machine.register("list", items.signal, start)
            items = Wires(held, items.intervals, items.shape, items.time + 1)
            segment = Segment(items.time)
            number = segment.read(counter(self.machine, "row", beats, start, items.time))[0]
        return Flow(beats, 1, self._row_logic(segment.read(items), number, rows), segment)

    def _arrived(self) -> tuple[Wires, list[Wires]]:
        """Keys, pT and equal pairs of the lanes, and pT for the total; registers with the keys of every beat."""
        ports = self.builder.ports
        taken = [port.model_copy(update={"shape": (self.lanes,)}) for port in ports[:3]] + list(ports[3:])
        intervals = [interval for port in taken for interval in port_intervals(port)]
        beat = self.machine.input(intervals, (len(intervals),))
        values, flat = beat.fresh()
        pt, eta, phi, seed_eta, seed_phi = np.split(values, np.cumsum([self.lanes] * 3 + [1]))
        keys = located(self.builder, eta, phi, seed_eta, seed_phi)
        counted = [gated(inside(self.builder, key), one) for key, one in zip(keys, pt, strict=True)]
        limited = [variable(quantize(one, self.builder.pixel, self.form)) for one in counted]
        same = [equal(keys[first], keys[last]) for first, last in self.pairs]
        outputs = objects([*keys, *limited, *same, *(counted if self.builder.normalise else [])])
        arrived = self.machine.block("candidates", [beat.signal], flat, outputs, beat.time)
        kept = []
        for number in range(self.beats):
            enable = self.machine.tick(arrived.time + number)
            signal = self.machine.register(f"keys{number}", arrived.signal[0 : self.lanes], enable)
            kept.append(Wires(signal, arrived.intervals[: self.lanes], (self.lanes,), arrived.time + 1))
        return arrived, kept

    def merged(self) -> PixelList:
        """The list of pixels, which stands for one clock."""
        arrived, keys = self._arrived()
        time = arrived.time
        compared = self._compared(arrived, keys)
        sums, total = self._summed(compared, time + 1)
        leads = []
        for number in range(self.beats):
            enable = self.machine.tick(time + 1 + number)
            signal = self.machine.register(f"leaders{number}", compared.signal[0 : self.lanes], enable)
            leads.append(Wires(signal, compared.intervals[: self.lanes], (self.lanes,), sums.time))
        places = [self.machine.delayed(key, 1, f"keys{number}_late") for number, key in enumerate(keys)]
        return PixelList(tuple(leads), tuple(places), sums, total)

    def _list(self, pixels: PixelList) -> Wires:
        """Whether each slot holds a value, where it belongs, and the value, for the whole list at once."""
        reader = Segment(pixels.time)
        lead = np.concatenate([reader.read(slot_wires) for slot_wires in pixels.leads])
        place = np.concatenate([reader.read(slot_wires) for slot_wires in pixels.places])
        totals = reader.read(pixels.sums)
        shift = None if pixels.total is None else left_shift(self.builder, reader.read(pixels.total)[0])
        values = [finished(self.builder, self.pixel_type, self.form, total, shift) for total in totals]
        return self.machine.block("values", reader.sources, reader.flat, objects([*lead, *place, *values]), pixels.time)

    def _compared(self, arrived: Wires, keys: Sequence[Wires]) -> Wires:
        """Whether each lane is the first of its pixel, what came with its key, and which lanes go to which slot."""
        reader = Segment(arrived.time)
        ends = np.cumsum([self.lanes, self.lanes, len(self.pairs)])
        own, limited, same, counted = np.split(reader.read(arrived), ends)
        before = np.concatenate([reader.read(key_wires) for key_wires in keys[:-1]])
        last = arrived.time + self.beats
        live = {
            b: tick_of(reader, self.machine.any_tick(range(arrived.time + b + 1, last))) for b in range(self.beats - 1)
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
        outputs = objects([*leaders, *limited, *same, *counted, *equals])
        return self.machine.clocked("compare", reader.sources, reader.flat, outputs, arrived.time)

    def _summed(self, compared: Wires, time: int) -> tuple[Wires, Wires | None]:
        """The sum of each slot, and of all candidates where it is asked for."""
        number, normalise = len(self.slots), self.builder.normalise
        intervals = [self._interval(number - slot) for slot in range(number)]
        if normalise:
            port = self.builder.candidates.pt.type
            intervals.append(QInterval(0.0, port.maximum * number, port.step))
        sums = self.machine.state("sums", intervals, time + self.beats)
        reader = Segment(time)
        sizes = [self.lanes, self.lanes, len(self.pairs), self.lanes if normalise else 0]
        _, limited, same, counted, equals = np.split(reader.read(compared), np.cumsum(sizes))
        held = reader.read(sums)
        begins = [tick_of(reader, self.machine.tick(time + beat)) for beat in range(self.beats)]
        within = dict(zip(self.pairs, same, strict=True))
        sums_after = []
        for slot, (beat, lane) in enumerate(self.slots):
            last = beat == self.beats - 1  # read in the next clock: holds nothing
            before = variable(0.0) if last else held[slot]
            parts = []
            for other in range(self.lanes):
                joins = variable(1.0) if other == lane else within.get((lane, other), variable(0.0))
                if not last:
                    joins = either([gated(begins[beat], joins), equals[slot * self.lanes + other]])
                parts.append(gated(joins, limited[other]))
            if beat == 0:
                before = gated(inverted(begins[0]), before)
            total = self._joined(before, parts, intervals[slot])
            sums_after.append(gated(inverted(begins[beat - 1]), total) if beat > 0 and not last else total)
        if normalise:
            sums_after.append(_added([gated(inverted(begins[0]), held[number]), *counted], intervals[number]))
        self.machine.feed(sums, "sum", reader.sources, reader.flat, objects(sums_after))
        if not normalise:
            return sums, None
        pieces = (slice(0, number), slice(number, number + 1))
        slots, total = (Wires(sums.signal[p], sums.intervals[p], (p.stop - p.start,), sums.time) for p in pieces)
        return slots, total

    def _interval(self, most: int) -> QInterval:
        """Of the sum of so many candidates in a pixel: all of it where it needs no more than a pixel and a bit."""
        pixel = self.builder.pixel
        full = most * min(self.builder.candidates.pt.type.maximum, pixel.maximum)
        return QInterval(0.0, min(full, 2.0 ** (pixel.integer + 1) - pixel.step), pixel.step)

    def _joined(self, before: Any, parts: Sequence[Any], interval: QInterval) -> Any:
        """The sum in a slot; once it is beyond the largest pixel it stays there."""
        pixel = self.builder.pixel
        if interval.max < 2.0 ** (pixel.integer + 1) - pixel.step:
            return _added([before, *parts], interval)
        bits, step = pixel.width, pixel.step
        before = before * (1 / step)
        low = field(before, 0, bits)
        total = tree([x for x in (low, *(p * (1 / step) for p in parts)) if x.low != x.high], lambda a, b: a + b)
        above = field(total, bits, (len(parts) + 1).bit_length()).unary_bit_op("any")
        return (either([above, bit(before, bits)]) * 2.0**bits + field(total, 0, bits)) * step

    def _row_logic(self, items: Tensor, number: Any, rows: int) -> Tensor:
        """The rows with a number, [rows, columns, 1]."""
        lead, places, values = np.split(items, 3)
        columns = self.builder.shape[1]
        hot = [one_hot(column_of(self.builder, place), columns) for place in places]
        first = sum((number * 2.0**i for i in range(rows.bit_length()) if rows >> i & 1), variable(0.0))
        image = np.empty((rows, columns, 1), dtype=object)
        for row in range(rows):
            row_number = first + float(row)
            here = [
                gated(gated(leads, equal(row_of(self.builder, place), row_number)), one)
                for leads, place, one in zip(lead, places, hot, strict=True)
            ]
            for column in range(columns):
                at = [gated(bit(row_hot, column), value) for row_hot, value in zip(here, values, strict=True)]
                image[row, column, 0] = either(at)
        return image


def _added(parts: Sequence[Any], interval: QInterval) -> Any:
    """A sum that is known to lie in an interval."""
    total = tree([part for part in parts if part.low != part.high], lambda a, b: a + b)
    _, integer, fraction = interval.kif
    return total.quantize(0, int(integer), int(fraction))
