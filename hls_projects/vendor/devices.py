"""What the FPGAs of triggers hold, to say which share of one a design takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """An FPGA: LUTs, flip-flops, DSP blocks, blocks of memory of 36 kbit and of 288 kbit."""

    lut: int
    ff: int
    dsp: int
    bram: int
    uram: int


# AMD UltraScale Architecture and Product Data Sheet, DS890.
DEVICES = {
    "xcku115": Device(663_360, 1_326_720, 5_520, 2_160, 0),
    "xcvu7p": Device(788_160, 1_576_320, 4_560, 1_440, 640),
    "xcvu9p": Device(1_182_240, 2_364_480, 6_840, 2_160, 960),
    "xcvu13p": Device(1_728_000, 3_456_000, 12_288, 2_688, 1_280),
}
"""By the part number up to the first dash."""


def device_of(part: str) -> Device | None:
    """The device of a part, where it is known.

    >>> device_of("xcvu13p-flga2577-2-e").lut
    1728000
    """
    return DEVICES.get(part.split("-")[0])
