"""Target `patterns/`: reference vectors as link words for the buffers of boards, in the formats of EMP and APx.

An input file holds packets from frame 0 on; the output file of the same number holds the packets that the design gives
for them, in the frames in which it gives them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from data_prep.errors import ConfigurationError, ProofFailedError
from hls_projects.export.design import Design
from hls_projects.export.formats.pattern_formats import FORMATS
from hls_projects.export.links.frames import LinkFrames, frames_of, packets_of
from hls_projects.export.links.packing import Integers, Packing, resolve
from hls_projects.export.links.packing_settings import PackingSettings, Placement
from hls_projects.export.links.plan import LinkPlan, link_plan
from hls_projects.export.target import Target
from hls_projects.json_record import JsonRecord
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign

FOLDER = "patterns"
RECORD = "packing.json"


class PatternRecord(JsonRecord):
    """`patterns/packing.json`: the place of every value in the words, and the frames of the words."""

    format: Literal[1] = 1
    """Version of this file format."""
    design: str
    """Name of the design."""
    input_ports: tuple[Port, ...]
    """Inputs in order."""
    output_ports: tuple[Port, ...]
    """Outputs in order."""
    inputs: tuple[Placement, ...]
    """Where the inputs lie."""
    outputs: tuple[Placement, ...]
    """Where the outputs lie."""
    input_links: tuple[int, ...]
    """The links that carry inputs."""
    output_links: tuple[int, ...]
    """The links that carry outputs."""
    input_frames: int
    """Frames of an input packet."""
    output_frames: int
    """Frames of an output packet."""
    period: int
    """Frames from the begin of a packet to that of the next."""
    wait: int
    """Frames from the begin of a packet to the clock in which the design is given the image's first beat."""
    latency: int
    """Clocks from there to the result."""
    wrapper_clocks: int
    """Clocks that registers around the design add."""
    first_output: int
    """Frame in which the first output packet begins: the sum of the three."""
    depth: int
    """Frames of a file."""
    files: tuple[tuple[int, ...], ...]
    """Numbers of the reference vectors in each file, from 0."""

    @property
    def output_packing(self) -> Packing:
        """Where every value of the outputs lies."""
        return resolve(self.outputs, self.output_ports, "outputs")

    @classmethod
    def load(cls, folder: Path) -> PatternRecord:
        """Read the record of a folder `patterns/`.

        Raises:
            InputFileError: when there is none or it holds something else.
        """
        return cls.read(folder / RECORD, "packing of pattern files", "export")


def write(design: Design, root: Path) -> None:
    """Write the pattern files, read them back and hold them against the vectors; nothing where there is no RTL.

    Raises:
        ConfigurationError: a packing that does not fit the design.
        ProofFailedError: a file that does not hold the vectors it should.
    """
    if design.rtl is not None and design.packing.files:
        vectors = [_flat(ports) for ports in (design.vectors.inputs, design.vectors.outputs)]
        write_patterns(design.rtl.design, design.packing, vectors[0], vectors[1], root / FOLDER)


def write_patterns(
    design: RtlDesign, settings: PackingSettings, inputs: Integers, outputs: Integers, folder: Path
) -> PatternRecord:
    """Write the files of all formats.

    Args:
        design: the RTL.
        settings: packing, depth and number of files.
        inputs: int64 [vectors, values], raw integers, port after port in C order.
        outputs: what the design gives for them, likewise.
        folder: is created.

    Raises:
        ConfigurationError: a packing that does not fit the design.
        ProofFailedError: a file that does not hold the vectors it should.
    """
    plan = link_plan(design, settings)
    chosen = _chosen(plan, settings, len(inputs))
    record = _record(design, plan, settings, chosen)
    folder.mkdir()
    record.write(folder / RECORD)
    for name, (to_file, from_file) in FORMATS.items():
        (folder / name).mkdir()
        for number, rows in enumerate(chosen):
            for direction, packing, first, values in (
                ("input", plan.inputs, 0, inputs[rows]),
                ("output", plan.outputs, plan.first_output, outputs[rows]),
            ):
                file = folder / name / f"{direction}_{number}.txt"
                packets = packing.pack(values)
                to_file(
                    frames_of(
                        design.name, packing.links, packets, first=first, period=plan.period, depth=settings.depth
                    ),
                    file,
                )
                _require_equal(from_file(file), packing, values, file)
    return record


def _chosen(plan: LinkPlan, settings: PackingSettings, count: int) -> list[Integers]:
    """The vectors of each file, spread evenly over all."""
    packets = plan.packets(settings.depth)
    if not packets:
        needed = plan.first_output + plan.outputs.frames
        reason = f"'packing.depth' of hardware.yaml: the first result ends with frame {needed - 1}"
        raise ConfigurationError(reason, remedy=f"take at least {needed} frames")
    taken = min(count, packets * settings.files)
    rows = np.arange(taken, dtype=np.int64) * count // max(taken, 1)
    return [rows[start : start + packets] for start in range(0, taken, packets)]


def _record(design: RtlDesign, plan: LinkPlan, settings: PackingSettings, chosen: list[Integers]) -> PatternRecord:
    return PatternRecord(
        design=design.name,
        input_ports=design.inputs,
        output_ports=design.outputs,
        inputs=plan.inputs.placements,
        outputs=plan.outputs.placements,
        input_links=plan.inputs.links,
        output_links=plan.outputs.links,
        input_frames=plan.inputs.frames,
        output_frames=plan.outputs.frames,
        period=plan.period,
        wait=plan.wait,
        latency=plan.latency,
        wrapper_clocks=plan.wrapper_clocks,
        first_output=plan.first_output,
        depth=settings.depth,
        files=tuple(tuple(rows.tolist()) for rows in chosen),
    )


def _require_equal(frames: LinkFrames, packing: Packing, values: Integers, file: Path) -> None:
    unpacked = packing.unpack(packets_of(frames, packing.links, packing.frames, file))
    if not np.array_equal(unpacked, values):
        raise ProofFailedError("does not hold the reference vectors it was written from", file=file)


def _flat(ports: tuple[Integers, ...]) -> Integers:
    return np.concatenate([values.reshape(len(values), -1) for values in ports], axis=1)


TARGET = Target(40, write)
