"""The builder of pair images with some candidates a clock. `PairBuilder.build` says what it must compute.

Candidates come `per_clock` a clock and go along a line of registers. Those that lie k ranks apart in the circle of all
N meet at fixed places: the newest one and the one that came so long before, or, for the pairs across the end of the
list, the one of N ranks before that, which is the same image's. So N/2 units see all N(N - 1)/2 pairs in the clocks in
which the candidates of one image come in, without a gap between images (the circle method of round-robin tournaments,
seen from the standing players). Where the image has channels by rank, the leading candidates stand in registers of
their own and meet all that come after them, and the others make the circle: then a unit has one channel.

A unit makes row and column of its pair and counts it in a histogram of its own, in distributed memory: a word
is a piece of a row, and flags say which words hold something, so that nothing must be cleared. There are two banks: one
counts, of the other a word a clock is read, and the sum over all units is the image, piece by piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_prep.errors import UnsupportedModelError
from hls_projects.blocks.pair_builder import PairBuilder
from hls_projects.rtl.design import RtlDesign
from hls_projects.templating import filled

ANGLES = 5
"""Clocks from the angles of two candidates to the pixel of the pair."""
LOGARITHMS = 2
"""Clocks from their logarithms to it."""


@dataclass(frozen=True)
class Unit:
    """What meets in one place, clock by clock.

    Attributes:
        lane: of the candidate that is paired.
        before: clocks that it has waited in its line.
        partner: lane of the one that comes meanwhile; rank of the one that is held, where `held`.
        held: whether the partner is one of the leading candidates, which has a register of its own.
        across: lane and wait of the partner of those for whom none comes any more; none where there are none.
        first: beat of the first candidate that is paired.
        beats: pairs of an image, one a clock.
        channel: of all these pairs.
        wait: clocks before pairs are counted, so that no unit is too far ahead of the last one.
    """

    lane: int
    before: int
    partner: int
    held: bool
    across: tuple[int, int] | None
    first: int
    beats: int
    channel: int
    wait: int = 0


@dataclass(frozen=True)
class SerialPairs:
    """The schedule of a serial builder; times are clocks from the one with `in_valid`.

    Attributes:
        builder: what is built.
        per_clock: candidates a clock, a divisor of their number.
        by_rows: whether the image leaves a whole row a clock and is not gathered.
    """

    builder: PairBuilder
    per_clock: int = 1
    by_rows: bool = False

    def __post_init__(self) -> None:
        number = self.builder.candidates.number
        if number % self.per_clock or self.per_clock == number:
            divisors = ", ".join(str(n) for n in range(1, number) if number % n == 0)
            raise UnsupportedModelError(
                f"{number} candidates cannot come {self.per_clock} a clock",
                remedy=f"set candidates_per_clock to one of {divisors}",
            )
        if self.builder.shape[0] > self.beats:
            raise UnsupportedModelError(
                f"an image of {self.builder.shape[0]} rows does not go out in the {self.beats} clocks of an image",
                remedy="take fewer candidates a clock, or fewer rows",
            )

    @property
    def beats(self) -> int:
        """Clocks in which the candidates of an image come in; the interval between images."""
        return self.builder.candidates.number // self.per_clock

    @property
    def pieces(self) -> int:
        """Parts of a row, each a word: those that take the fewest LUTs and can be read in time.

        A whole row where the image leaves by rows.
        """
        rows, columns, _ = self.builder.shape
        fitting = [n for n in (1, 2, 4, 8) if columns % n == 0 and rows * n <= self.beats]
        return 1 if self.by_rows else min(fitting, key=self._luts_of_histogram)

    def _luts_of_histogram(self, pieces: int) -> float:
        """About what a unit's histogram takes, with its share of the sums."""
        rows, columns, _ = self.builder.shape
        words, lanes = rows * pieces, columns // pieces
        depth = 2 << (rows - 1).bit_length() << (pieces - 1).bit_length()
        memory = lanes * self.counter * max(1, depth / 32)
        flags = words * (1 + 2 / 3)
        return memory + flags + 2 * lanes * (self.counter + 1)

    @property
    def words(self) -> int:
        """Of an image."""
        return self.builder.shape[0] * self.pieces

    @property
    def lanes(self) -> int:
        """Counters of a word of a unit."""
        return self.builder.shape[1] // self.pieces

    @property
    def counter(self) -> int:
        """Bits of a unit's counter; it stays at its largest value, which is none that an image tells apart."""
        return min(self.builder.bits, self.beats.bit_length())

    @property
    def units(self) -> tuple[Unit, ...]:
        """All units, those of the first channel first."""
        found = [*self._of_leading(), *self._of_circle()]
        last = max(unit.before for unit in found)
        slack = self.beats - self.words
        return tuple(replace(unit, wait=max(0, last - slack - unit.before)) for unit in found)

    def _of_leading(self) -> Iterator[Unit]:
        """Each of the leading candidates with all that come after it, a unit a lane."""
        bounds = self.builder.leading
        for rank in range(bounds[-1] if bounds else 0):
            channel = sum(bound <= rank for bound in bounds)
            for lane in range(self.per_clock):
                first = max(-(-(rank + 1 - lane) // self.per_clock), 0)
                if first < self.beats:
                    yield Unit(lane, 1, rank, True, None, first, self.beats - first, channel)

    def _of_circle(self) -> Iterator[Unit]:
        """The others with each other: a rank apart from the nearest to half the circle, a unit a lane."""
        number, every = self.builder.candidates.number, self.per_clock
        start = self.builder.leading[-1] if self.builder.leading else 0
        size = number - start
        for apart in range(1, size // 2 + 1):
            half = 2 * apart == size  # each of these pairs once
            end = start + size // 2 if half else number
            for lane in range(every):
                before, partner = divmod(lane + apart, every)
                turns, across = divmod(lane + apart - size, every)
                first = -(-(start - lane) // every)
                beats = -(-(end - lane) // every) - first
                if beats > 0:
                    wraps = before > 0 and not half
                    yield Unit(
                        lane,
                        before,
                        partner,
                        False,
                        (across, before - turns) if wraps else None,
                        first,
                        beats,
                        len(self.builder.leading),
                    )

    @property
    def turns(self) -> tuple[int, ...]:
        """See `turns_of`; each takes a clock."""
        return turns_of(self.builder)

    @property
    def angles_at(self) -> int:
        """When the angles of the first candidates stand at the begin of their line."""
        return 1 + len(self.turns)

    @property
    def logarithms_at(self) -> int:
        """Likewise the logarithms."""
        return self.angles_at + ANGLES - LOGARITHMS

    @property
    def pixels_at(self) -> int:
        """When the pixel of a pair stands in its register, of a unit whose candidates come in one clock."""
        return self.angles_at + ANGLES

    def counted_at(self, unit: Unit) -> int:
        """When a unit counts the pairs of the first beat of an image."""
        return self.pixels_at + unit.before + unit.wait + 1

    @property
    def read_at(self) -> int:
        """When the first word is read."""
        return max(self.counted_at(unit) for unit in self.units) + self.beats + 1

    @property
    def levels(self) -> int:
        """Of the sum over the units."""
        most = max(Counter(unit.channel for unit in self.units).values())
        return (most - 1).bit_length()

    @property
    def words_at(self) -> int:
        """When the first word of the image stands in a register; the others follow clock by clock."""
        return self.read_at + 2 + self.levels + 1

    @property
    def latency(self) -> int:
        """When the whole image stands in registers, or the first row leaves."""
        return self.words_at if self.by_rows else self.words_at + self.words


def write_serial(
    builder: PairBuilder, name: str, folder: Path, per_clock: int = 1, *, by_rows: bool = False
) -> RtlDesign:
    """Write the serial builder alone.

    Args:
        builder: what is built.
        name: top module.
        folder: made; gets `rtl.json`, `verilog/` and `vhdl/`.
        per_clock: candidates a clock.
        by_rows: whether a row leaves a clock, the first with `out_valid`, for a network that is streamed by rows; then
            the result in `rtl.json` is the first row alone. Else the whole image stands at the output.

    Raises:
        UnsupportedModelError: candidates that cannot come so many a clock, or too many rows.
    """
    plan = SerialPairs(builder, per_clock, by_rows)
    values = _values(plan, name)
    for suffix, language in (("v", "verilog"), ("vhd", "vhdl")):
        (folder / language).mkdir(parents=True)
        text = filled(f"pair_serial.{suffix}.j2", values, trim=True)
        (folder / language / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    shape = (1, *builder.shape[1:]) if by_rows else builder.shape
    image = builder.ports[0].model_copy(update={"name": "image", "shape": shape, "type": builder.result})
    design = RtlDesign(
        name=name,
        form="streamed" if by_rows else "unrolled",
        builder="serial",
        inputs=builder.ports,
        outputs=(image,),
        beats=plan.beats,
        interval=plan.beats,
        latency=plan.latency,
        verilog=(f"{name}.v",),
        vhdl=(f"{name}.vhd",),
    )
    design.save(folder)
    return design


def turns_of(builder: PairBuilder) -> tuple[int, ...]:
    """What brings φ into one turn from 0 on: the first is added where φ is negative, the others taken away."""
    steps = [2 * builder.candidates.per_pi]
    while steps[0] < -builder.candidates.phi.raw_min:
        steps.insert(0, 2 * steps[0])
    return tuple(steps)


def _values(plan: SerialPairs, name: str) -> dict[str, Any]:
    """What the templates are filled with."""
    builder, given = plan.builder, plan.builder.candidates
    turn = 2 * given.per_pi
    near = -(-builder.columns[-1] // 2)
    """From here on either difference alone reaches the last column."""
    kept = max((near - 1).bit_length(), 1)
    largest, fold = _fold(turn, near)
    phi_bits, y_bits = (turn - 1).bit_length(), max(largest.bit_length(), kept)
    rows, columns, channels = builder.shape
    units = [_placed(plan, number, unit) for number, unit in enumerate(plan.units)]
    per_piece, piece_bits = columns // plan.pieces, (plan.pieces - 1).bit_length()
    log_bits = max(builder.largest_logarithm.bit_length(), 1)
    lane_bits = (per_piece - 1).bit_length()
    row_bits = (rows - 1).bit_length()
    return {
        "name": name,
        "plan": plan,
        "builder": builder,
        "given": given,
        "units": units,
        "sums": [_sum(plan, [u["number"] for u in units if u["unit"].channel == k]) for k in range(channels)],
        "held": sorted({unit.partner for unit in plan.units if unit.held}),
        "spans": _spans(plan),
        "toggles": [{"name": f"bank{time}", "at": time + plan.beats} for time in _times(plan)]
        + [{"name": "read_bank", "at": plan.read_at + plan.words}],
        "rows": builder.rows,
        "columns": builder.columns,
        "table": _table(builder) if log_bits < 9 else [],
        "codes": [(column // per_piece << lane_bits) + column % per_piece for column in range(columns)],
        "channels": channels,
        "row_bits": row_bits,
        "piece_bits": piece_bits,
        "lane_bits": lane_bits,
        "address_bits": row_bits + piece_bits,
        "code_bits": lane_bits + piece_bits + row_bits + 1,
        "saturates": 1 << plan.counter <= plan.beats,
        "turn": turn,
        "turn_bits": [(turns - 1).bit_length() for turns in plan.turns],
        "fold": fold,
        "kept": kept,
        "x_bits": max(given.eta_bits, kept),
        "y_bits": y_bits,
        "d_bits": max(phi_bits, y_bits),
        "eta_bits": given.eta_bits,
        "phi_bits": phi_bits,
        "angles_bits": given.eta_bits + phi_bits,
        "pt_bits": given.pt.bits,
        "log_bits": log_bits,
        "position_bits": max((given.pt.bits - 1).bit_length(), 1),
        "eta_low": plan.per_clock * given.pt.bits,
        "phi_low": plan.per_clock * (given.pt.bits + given.eta_bits),
        "in_bits": plan.per_clock * (given.pt.bits + given.eta_bits + given.phi_bits),
        "out_bits": (1 if plan.by_rows else rows) * columns * channels * builder.bits,
    }


def _placed(plan: SerialPairs, number: int, unit: Unit) -> dict[str, Any]:
    """A unit with the wires that control it."""
    count = plan.counted_at(unit)
    return {"unit": unit, "number": number, "count": count, "window": _window(plan, unit), "bank": f"bank{count}"}


def _window(plan: SerialPairs, unit: Unit) -> str:
    return f"window{plan.counted_at(unit) - 1 + unit.first}_{unit.beats}"


def _spans(plan: SerialPairs) -> list[dict[str, Any]]:
    """The wires that are high from one time to another."""
    found: list[tuple[str, int, int]] = []
    for unit in plan.units:
        found.append((_window(plan, unit), plan.counted_at(unit) - 1 + unit.first, unit.beats))
        if unit.across:
            found.append((f"select{unit.before}", plan.angles_at + plan.beats, unit.before))
            found.append((f"select_log{unit.before}", plan.logarithms_at + plan.beats, unit.before))
    return [{"name": name, "first": first, "behind": first + clocks} for name, first, clocks in dict.fromkeys(found)]


def _table(builder: PairBuilder) -> list[str]:
    """The row of every sum of two logarithms, a string of bits for each of its bits: the first sum stands last.

    A table of up to nine bits takes half of the LUTs that comparisons do.
    """
    sums = np.arange(2 << max(builder.largest_logarithm.bit_length(), 1))
    rows = np.searchsorted(builder.rows, sums, side="right")[::-1]
    return ["".join(map(str, rows >> k & 1)) for k in range(len(builder.rows).bit_length())]


def _sum(plan: SerialPairs, units: list[int]) -> dict[str, Any]:
    """The units of a channel, and how many sums each level of the tree has; all channels have as many levels."""
    levels: list[int] = []
    for _ in range(plan.levels):
        levels.append(-(-(levels[-1] if levels else len(units)) // 2))
    return {"units": units, "levels": levels}


def _times(plan: SerialPairs) -> list[int]:
    """When units count the first pairs."""
    return sorted({plan.counted_at(unit) for unit in plan.units})


def _fold(turn: int, near: int) -> tuple[int, int | None]:
    """From where on |dφ| is taken from the whole turn.

    Any border between `near` and turn - `near` does, for what lies between them is in the last column; a power of two
    needs no comparison.

    Returns:
        the largest angle that is left, and the bit of the border; none where the border is half a turn.
    """
    power = (near - 1).bit_length()
    if 1 << power <= turn - near:
        return max(1 << power, turn - (1 << power)), power
    return turn // 2, None
