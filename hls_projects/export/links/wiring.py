"""The wires between link words and the ports of an RTL design: the packing as VHDL needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from hls_projects.export.links.packing import sizes
from hls_projects.export.links.packing_settings import WORD_BITS
from hls_projects.export.links.plan import LinkPlan
from hls_projects.rtl.design import RtlDesign


@dataclass(frozen=True)
class Source:
    """Bits `high:low` of the word that link number `link` (of those in use) had `past` clocks ago."""

    link: int
    past: int
    high: int
    low: int


@dataclass(frozen=True)
class Wire:
    """Bits `high:low` of `in_data`, and where they come from: one source for all beats, or one a beat.

    Bits that are `held` have the one source of the first beat in all of them.
    """

    high: int
    low: int
    sources: tuple[Source, ...]
    held: bool = False


@dataclass(frozen=True)
class WirePiece:
    """Bits `high:low` of a frame of all outgoing links: `out_data` from bit `source` on, or zeros."""

    high: int
    low: int
    source: int | None

    @property
    def source_high(self) -> int:
        """Highest bit of the source."""
        return (self.source or 0) + self.high - self.low


@dataclass(frozen=True)
class Wiring:
    """All wires.

    Attributes:
        wires: every bit of `in_data`, lowest first.
        history: for every incoming link the largest `past`.
        frames: for every outgoing frame its pieces, lowest first.
    """

    wires: tuple[Wire, ...]
    history: tuple[int, ...]
    frames: tuple[tuple[WirePiece, ...], ...]


def wire(plan: LinkPlan, design: RtlDesign) -> Wiring:
    """Resolve a plan to wires.

    Args:
        plan: packing and timing of this design.
        design: the design with its ports and beats.
    """
    wires = _inputs(plan, design)
    history = [0] * len(plan.inputs.links)
    for bits in wires:
        for source in bits.sources:
            history[source.link] = max(history[source.link], source.past)
    return Wiring(wires, tuple(history), _outputs(plan, design))


def _inputs(plan: LinkPlan, design: RtlDesign) -> tuple[Wire, ...]:
    """The word of frame f is needed in clock `wait` + beat: that many clocks less f it lies in the past."""
    lows = [0, *accumulate(design.input_widths)]
    firsts = [0, *accumulate(design.beat_sizes)]
    places = []
    for number, (port, size, count) in enumerate(
        zip(design.inputs, sizes(design.inputs), design.beat_sizes, strict=True)
    ):
        for i in range(size):
            whole = port.name in design.every_beat
            beats = range(design.beats) if whole else range(i // count, i // count + 1)
            places.append((lows[firsts[number] + (i if whole else i % count)], beats))
    sources: dict[tuple[int, int], dict[int, Source]] = defaultdict(dict)
    for field in plan.inputs.fields:
        low, beats = places[field.value]
        link = plan.inputs.links.index(field.link)
        for beat in beats:
            source = Source(link, plan.wait + beat - field.frame, field.bit + field.bits - 1, field.bit)
            sources[low + field.low, field.bits][beat] = source
    return tuple(
        _wire(low, bits, [by_beat[beat] for beat in range(design.beats)])
        for (low, bits), by_beat in sorted(_split(sources).items())
    )


def _split(sources: dict[tuple[int, int], dict[int, Source]]) -> dict[tuple[int, int], dict[int, Source]]:
    """Cut ranges of `in_data` where another beat cuts them, so that each range has one source in every beat."""
    borders = sorted({low for low, _ in sources} | {low + bits for low, bits in sources})
    cut: dict[tuple[int, int], dict[int, Source]] = defaultdict(dict)
    for (low, bits), by_beat in sources.items():
        inside = [low, *(border for border in borders if low < border < low + bits), low + bits]
        for first, end in pairwise(inside):
            for beat, source in by_beat.items():
                bit = source.low + first - low
                cut[first, end - first][beat] = Source(source.link, source.past, bit + end - first - 1, bit)
    return cut


def _wire(low: int, bits: int, sources: Sequence[Source]) -> Wire:
    first = sources[0]
    if all(source == first for source in sources):
        return Wire(low + bits - 1, low, (first,))
    if all(source == replace(first, past=first.past + beat) for beat, source in enumerate(sources)):
        return Wire(low + bits - 1, low, (first,), held=True)
    return Wire(low + bits - 1, low, tuple(sources))


def _outputs(plan: LinkPlan, design: RtlDesign) -> tuple[tuple[WirePiece, ...], ...]:
    lows = [0, *accumulate(design.output_widths)]
    frames: list[list[WirePiece]] = [[] for _ in range(plan.outputs.frames)]
    for field in plan.outputs.fields:
        low = WORD_BITS * plan.outputs.links.index(field.link) + field.bit
        frames[field.frame].append(WirePiece(low + field.bits - 1, low, lows[field.value] + field.low))
    return tuple(_filled(pieces, WORD_BITS * len(plan.outputs.links)) for pieces in frames)


def _filled(pieces: list[WirePiece], bits: int) -> tuple[WirePiece, ...]:
    """The pieces of a frame in order, with zeros where no output is placed."""
    filled: list[WirePiece] = []
    reached = 0
    for piece in sorted(pieces, key=lambda source_piece: source_piece.low):
        if piece.low > reached:
            filled.append(WirePiece(piece.low - 1, reached, None))
        filled.append(piece)
        reached = piece.high + 1
    if reached < bits:
        filled.append(WirePiece(bits - 1, reached, None))
    return tuple(filled)
