"""`rtl.json`: what an RTL design is, as data, and how its ports are packed. Nothing here needs TensorFlow.

Every design has the same ports, whatever its form:

| port | bits | |
| --- | --- | --- |
| `clk` | 1 | rising edge |
| `rst` | 1 | synchronous, active high: forgets every image on its way |
| `in_valid` | 1 | an image begins with this clock |
| `in_data` | `input_bits` | one beat: 1 / `beats` of every input, and the whole of those in `every_beat` |
| `out_valid` | 1 | the result of an image stands at `out_data` in this clock |
| `out_data` | `output_bits` | all outputs |

The beats of an image come on consecutive clocks. Values are raw integers (two's complement where signed), packed
without gaps in C order, the first in the lowest bits, inputs and outputs one after the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from hls_projects.json_record import JsonRecord
from hls_projects.network.port import Port

SourceName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*\.(v|vhd)$")]
"""A file of the design: what anyone wrote leads to no other folder."""


class RtlDesign(JsonRecord):
    """What `rtl.json` holds."""

    format: Literal[1] = 1
    """Version of this file format."""
    name: str
    """Top module and entity."""
    form: Literal["unrolled", "streamed"]
    """Of the network: all pixels in one clock, or some rows a clock."""
    builder: Literal["parallel", "serial"] | None = None
    """Of the image builder: all candidates in one clock, or some a clock; none where images come in."""
    inputs: tuple[Port, ...]
    """Inputs in order."""
    outputs: tuple[Port, ...]
    """Outputs in order."""
    beats: int
    """Clocks in which an image comes in."""
    every_beat: tuple[str, ...] = ()
    """Inputs that are given whole with every beat, always the same: the seed of candidates that come some a clock."""
    interval: int
    """Initiation interval: the smallest number of clocks from the begin of an image to that of the next."""
    interval_step: int = 1
    """Images may begin `interval + n * interval_step` clocks after the one before, n = 0, 1, 2, …"""
    latency: int
    """Clocks from the one with `in_valid` to the one with `out_valid`."""
    verilog: tuple[SourceName, ...]
    """Source files below `verilog/`, in order of compilation."""
    vhdl: tuple[SourceName, ...]
    """Source files below `vhdl/`, in order of compilation."""

    @property
    def input_widths(self) -> list[int]:
        """Bits of every value of one beat, lowest first."""
        counts = zip(self.inputs, self.beat_sizes, strict=True)
        return [port.type.width for port, count in counts for _ in range(count)]

    @property
    def beat_sizes(self) -> list[int]:
        """Values of each input in one beat."""
        sizes = [(port.name, int(np.prod(port.shape))) for port in self.inputs]
        return [size if name in self.every_beat else size // self.beats for name, size in sizes]

    @property
    def output_widths(self) -> list[int]:
        """Bits of every value of the outputs, lowest first."""
        return [port.type.width for port in self.outputs for _ in range(int(np.prod(port.shape)))]

    @property
    def output_signs(self) -> list[bool]:
        """Whether each value of the outputs is signed, lowest first."""
        return [port.type.signed for port in self.outputs for _ in range(int(np.prod(port.shape)))]

    def save(self, folder: Path) -> None:
        """Write `rtl.json`."""
        self.write(folder / "rtl.json")

    @classmethod
    def load(cls, folder: Path) -> RtlDesign:
        """Read `rtl.json` of a design's folder.

        Raises:
            InputFileError: when there is no such file or it holds something else.
        """
        return cls.read(folder / "rtl.json", "RTL design", "rtl")
