"""From a list of pixels to the image, one of them a clock. The whole image stands in registers at the end.

The list is held while one slot after the other is picked, brought into the type of the image and written to its pixel,
which takes an enable and no logic for its value. The first write clears what the jet before left: whole rows by their
reset, and the row of the first slot by writing zeros to its other pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alkaid.stateful import Signal
from alkaid.types import QInterval

from data_prep.fixed_point import FixedType
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.rtl.clocked.flow import Flow, Segment
from hls_projects.rtl.clocked.machine import Machine, Wires
from hls_projects.rtl.logic.image_builder import column_of, finished, left_shift, one_hot, row_of
from hls_projects.rtl.logic.quantizer import Form
from hls_projects.rtl.logic.values import Tensor, bit, both, either, gated, inverted, objects, picked


@dataclass(frozen=True)
class PixelList:
    """At most one value a pixel, as it stands for one clock.

    Attributes:
        leads: for groups of slots, whether each slot holds a value.
        places: for the same groups, the key of the pixel of each slot.
        sums: the sum of every slot.
        total: of all candidates; none where the image is not normalised.
    """

    leads: tuple[Wires, ...]
    places: tuple[Wires, ...]
    sums: Wires
    total: Wires | None

    @property
    def time(self) -> int:
        """The clock in which it stands, counted as all times."""
        return self.sums.time


def tick_of(reader: Segment, signal: Signal) -> Any:
    """One bit of the control as a value."""
    return reader.read(Wires(signal, (QInterval(0.0, 1.0, 1.0),), (1,), reader.time))[0]


def counter(machine: Machine, name: str, beats: int, start: Signal, time: int) -> Wires:
    """Counts beats; 0 in the clock after `start`."""
    state = machine.state(name, [QInterval(0.0, 2.0 ** (beats - 1).bit_length() - 1.0, 1.0)], time)
    reader = Segment(time)
    value = reader.read(state)[0]
    after = (value + 1.0).quantize(0, (beats - 1).bit_length(), 0)
    count = gated(inverted(tick_of(reader, start)), after)
    machine.feed(state, f"{name}_count", reader.sources, reader.flat, objects([count]))
    return state


def scattered(
    machine: Machine, builder: ImageBuilder, pixel_type: FixedType, form: Form, pixel_list: PixelList
) -> Flow:
    """The whole image, of a list whose next one comes no sooner than it has slots.

    Args:
        machine: gets the logic.
        builder: the image builder.
        pixel_type: type of the image's pixels.
        form: how quantizers saturate.
        pixel_list: the pixels of one image.
    """
    slots = len(pixel_list.sums.intervals)
    item, shift = _item(machine, pixel_list), _shift(machine, builder, pixel_list)
    if shift is not None:
        time = max(item.time, shift.time + 1)
        item = machine.delayed(item, time - item.time, "picked_late")
        late = machine.delayed(shift, time - 1 - shift.time, "shift_late")
        held = machine.register("shift", late.signal, machine.tick(time - 1))
        shift = Wires(held, shift.intervals, shift.shape, time)
    segment = Segment(item.time)
    lead, place, total = segment.read(item)
    value = finished(builder, pixel_type, form, total, None if shift is None else list(segment.read(shift)))
    rows, columns, _ = builder.shape
    row, column = one_hot(row_of(builder, place), rows, lead), one_hot(column_of(builder, place), columns)
    value_wires = machine.block("value", segment.sources, segment.flat, objects([row, column, value]), segment.time)
    image = _written(machine, builder, value_wires)
    pixels = Segment(value_wires.time + 1 + slots)
    values = objects([pixels.read(Wires(pixel.signal, pixel.intervals, (1,), pixels.time))[0] for pixel in image])
    return Flow(1, 1, values.reshape(builder.shape), pixels)


def _item(machine: Machine, pixels: PixelList) -> Wires:
    """Whether a slot holds a value, its key and its sum: one slot after the other, from the first."""
    start = machine.tick(pixels.time)
    segment = Segment(pixels.time + 1)

    def held(name: str, wires: Wires) -> Tensor:
        signal = machine.register(name, wires.signal, start) if wires.signal.size else wires.signal
        return segment.read(Wires(signal, wires.intervals, wires.shape, segment.time))

    slots = len(pixels.sums.intervals)
    selects = segment.read(counter(machine, "slot", slots, start, segment.time))[0]
    numbers = [bit(selects, position) for position in range((slots - 1).bit_length())]
    leads = [one for i, slot_wires in enumerate(pixels.leads) for one in held(f"held_leads{i}", slot_wires)]
    places = [one for i, slot_wires in enumerate(pixels.places) for one in held(f"held_keys{i}", slot_wires)]
    sums = list(held("held_sums", pixels.sums))
    item = objects([picked(numbers, values) for values in (leads, places, sums)])
    return machine.block("picked", segment.sources, segment.flat, item, segment.time)


def _shift(machine: Machine, builder: ImageBuilder, pixels: PixelList) -> Wires | None:
    """The shift of the normalisation, for one clock."""
    if pixels.total is None:
        return None
    segment = Segment(pixels.time)
    bits = objects(left_shift(builder, segment.read(pixels.total)[0]))
    return machine.block("shift_of", segment.sources, segment.flat, bits, segment.time)


def _written(machine: Machine, builder: ImageBuilder, value_wires: Wires) -> list[Wires]:
    """The pixels, to which value, row and column are written clock by clock; the first ones at `made.time`."""
    rows, columns, _ = builder.shape
    segment = Segment(value_wires.time)
    row, column = segment.read(value_wires)[:2]
    first = tick_of(segment, machine.tick(value_wires.time))
    in_row, in_column = [bit(row, r) for r in range(rows)], [bit(column, c) for c in range(columns)]
    # beside the column of the value nothing is written but in the first clock, and then zero
    enables = [both(r, either([c, first])) for r in in_row for c in in_column]
    clears = [both(first, inverted(r)) for r in in_row]
    control = machine.clocked(
        "control", segment.sources, segment.flat, objects([*enables, *clears]), segment.time
    ).signal
    segment = Segment(value_wires.time)
    column, value = segment.read(value_wires)[1:]
    buses = objects([gated(bit(column, c), value) for c in range(columns)])
    bus = machine.clocked("bus", segment.sources, segment.flat, buses, segment.time)
    pixels = []
    for number in range(rows * columns):
        r, c = divmod(number, columns)
        signal = machine.register(f"pixel{r}_{c}", bus.signal[c], control[number], control[rows * columns + r])
        pixels.append(Wires(signal, bus.intervals[c : c + 1], (1,), bus.time + 1))
    return pixels
