"""The words on the links frame by frame: the packing of both directions, and the timing of the design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_prep.errors import ConfigurationError
from hls_projects.export.links.packing import Packing, resolve, sizes
from hls_projects.export.links.packing_settings import BOARD_LINKS, WORD_BITS, PackingSettings, Placement
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign


@dataclass(frozen=True)
class LinkPlan:
    """Packets in, packets out. A frame is a clock of the design.

    The first frame of an input packet is frame 0. The design is given the first beat of the image (`in_valid`) `wait`
    clocks later, when all that a beat needs has come in time; its result stands `latency` clocks after that. Clocks of
    registers around the design come on top.

    Attributes:
        inputs: packing of the inputs.
        outputs: packing of the outputs.
        period: frames from the begin of a packet to that of the next.
        wait: frames from the begin of a packet to the design's first beat.
        latency: of the design, clocks.
        wrapper_clocks: latency of the registers around it.
        held: frames for which a value must be kept until its beat, at most.
    """

    inputs: Packing
    outputs: Packing
    period: int
    wait: int
    latency: int
    wrapper_clocks: int
    held: int

    @property
    def first_output(self) -> int:
        """Frame in which the output packet of the image begins whose input packet begins in frame 0."""
        return self.wait + self.latency + self.wrapper_clocks

    def packets(self, depth: int) -> int:
        """Whole images, results included, in so many frames."""
        return max((depth - self.first_output - self.outputs.frames) // self.period + 1, 0)


def link_plan(design: RtlDesign, settings: PackingSettings) -> LinkPlan:
    """The plan of a design.

    Raises:
        ConfigurationError: a packing that is not whole, or a period that is too short or that the design cannot keep.
    """
    inputs = resolve(settings.inputs or default_inputs(design, settings.links), design.inputs, "inputs")
    outputs = resolve(settings.outputs or default_outputs(design, settings.links), design.outputs, "outputs")
    wait, held = _wait(design, inputs)
    needed = max(design.interval, inputs.frames, outputs.frames, held + 1)
    shortest = design.interval + -(-(needed - design.interval) // design.interval_step) * design.interval_step
    period = shortest if settings.period is None else settings.period
    if period < shortest or (period - design.interval) % design.interval_step:
        raise ConfigurationError(
            f"'packing.period' of hardware.yaml: a packet every {period} frames is not what '{design.name}' takes",
            remedy=f"take {shortest} frames"
            + (
                f" or {design.interval_step}, {2 * design.interval_step}, … more"
                if design.interval_step > 1
                else " or more"
            ),
        )
    return LinkPlan(inputs, outputs, period, wait, design.latency, settings.wrapper_clocks, held)


def default_inputs(design: RtlDesign, links: int | None = None) -> tuple[Placement, ...]:
    """The values of one beat in one frame, or in as few as the links allow.

    Ports with one value a candidate (pT, η, φ) share a word, the first in the lowest bits; the values of any other port
    lie side by side, as many in a word as fit. Ports that are given whole with every beat travel in the first only.
    """
    beats = dict(zip((port.name for port in design.inputs), design.beat_sizes, strict=True))
    once = [port for port in design.inputs if port.name in design.every_beat]
    parts = [port for port in design.inputs if port.name not in design.every_beat]
    groups = [(group, False) for group in _records(parts)] + [(group, True) for group in _records(once)]
    words = [-(-beats[group[0].name] // _per_word(group)) for group, _ in groups]
    span = min(sum(words), links or BOARD_LINKS)
    frames = -(-sum(words) // span)
    placements = []
    for beat in range(design.beats):
        word = 0
        for (group, whole), length in zip(groups, words, strict=True):
            count = beats[group[0].name]
            if not whole or beat == 0:
                placements += _placed(group, 0 if whole else beat * count, count, span, beat * frames, word)
            word += length
    return tuple(placements)


def default_outputs(design: RtlDesign, links: int | None = None) -> tuple[Placement, ...]:
    """All values in one frame, or in as few as the links allow; each port begins with a word of its own."""
    counts = sizes(design.outputs)
    words = [-(-count // _per_word([port])) for port, count in zip(design.outputs, counts, strict=True)]
    span = min(sum(words), links or BOARD_LINKS)
    placements = []
    for port, count, word in zip(design.outputs, counts, np.cumsum([0, *words]).tolist(), strict=False):
        placements += _placed([port], 0, count, span, 0, word)
    return tuple(placements)


def _records(ports: Sequence[Port]) -> list[list[Port]]:
    """Ports of one shape, as long as one value of each fits a word together."""
    groups: list[list[Port]] = []
    for port in ports:
        last = groups[-1] if groups else []
        if last and last[0].shape == port.shape and _width(last) + port.type.width <= WORD_BITS:
            last.append(port)
        else:
            groups.append([port])
    return groups


def _width(group: Sequence[Port]) -> int:
    return sum(port.type.width for port in group)


def _per_word(group: Sequence[Port]) -> int:
    return 1 if len(group) > 1 else WORD_BITS // group[0].type.width


def _placed(group: Sequence[Port], first: int, count: int, links: int, frame: int, word: int) -> list[Placement]:
    """Values `first` to `first + count - 1` of every port of a group."""
    placements, bit = [], 0
    for port in group:
        placements.append(
            Placement(
                port=port.name,
                first=first,
                count=count,
                links=(0, links - 1),
                frame=frame,
                word=word,
                per_word=min(_per_word(group), count),
                bit=bit,
            )
        )
        bit += port.type.width
    return placements


def _wait(design: RtlDesign, inputs: Packing) -> tuple[int, int]:
    """Frames until the first beat, so that every beat is there in its clock; and the longest time a value is held."""
    first_use, last_use = [], []
    for port, size, count in zip(design.inputs, sizes(design.inputs), design.beat_sizes, strict=True):
        for i in range(size):
            whole = port.name in design.every_beat
            first_use.append(0 if whole else i // count)
            last_use.append(design.beats - 1 if whole else i // count)
    wait = max(0, *(field.frame - first_use[field.value] for field in inputs.fields))
    return wait, max(wait + last_use[field.value] - field.frame for field in inputs.fields)
