"""Target `README.md`: what is in the bundle, its ports, and the commands that check it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hls_projects.before_ports import BeforePorts
from hls_projects.export.design import Design, packing
from hls_projects.export.render import rendered
from hls_projects.export.target import Target
from hls_projects.export.targets.patterns import FOLDER, RECORD, PatternRecord
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign
from models.files.meaning import MEANING, Meaning


@dataclass(frozen=True)
class Lane:
    """The values of one input or output on the data port of the RTL.

    Attributes:
        wire: `in_data` or `out_data`.
        low: lowest bit.
        high: highest bit.
        port: input or output.
        values: how many of its values lie there in one clock.
        width: bits of one.
        every: whether it is given whole with every beat.
    """

    wire: str
    low: int
    high: int
    port: Port
    values: int
    width: int
    every: bool = False


def lanes(design: RtlDesign) -> list[Lane]:
    """Where inputs and outputs lie on the data ports, in order: without gaps, from bit 0."""
    ranges = []
    sizes = [int(np.prod(port.shape)) for port in design.outputs]
    for wire, ports, counts in (("in_data", design.inputs, design.beat_sizes), ("out_data", design.outputs, sizes)):
        low = 0
        for port, count in zip(ports, counts, strict=True):
            width = port.type.width
            every = wire == "in_data" and design.beats > 1 and port.name in design.every_beat
            ranges.append(Lane(wire, low, low + count * width - 1, port, count, width, every))
            low += count * width
    return ranges


def write(design: Design, root: Path) -> None:
    """Write the README of the bundle."""
    ports = [("input", i, port) for i, port in enumerate(design.graph.inputs)]
    ports += [("output", i, port) for i, port in enumerate(design.graph.outputs)]
    meaning = Meaning.load(root / MEANING)
    images = None if meaning is None else meaning.images
    values = {
        "starts": BeforePorts.of(images, builder_inside=design.project.builder is not None),
        "project": design.project,
        "proof": design.proof,
        "rtl": None if design.rtl is None else design.rtl.design,
        "lanes": None if design.rtl is None else lanes(design.rtl.design),
        "vectors": design.vectors,
        "patterns": PatternRecord.load(root / FOLDER) if (root / FOLDER / RECORD).exists() else None,
        "ports": [
            (kind, f"vectors/{kind}_{i}.txt", port, packing(design.project, port, is_input=kind == "input"))
            for kind, i, port in ports
        ],
    }
    (root / "README.md").write_text(rendered("README.md.j2", values), encoding="utf-8")


TARGET = Target(80, write)
