"""Sizes of the FPGAs of triggers, for the share of one that a design takes.

Only the vendor's tools have the list of all parts; they refuse a part that does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PART = r"^[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*$"
"""Characters of the name of a part, which is written into scripts of the vendor's tools."""


@dataclass(frozen=True)
class Device:
    """An FPGA: LUTs, flip-flops, DSP blocks, blocks of memory of 36 kbit and of 288 kbit."""

    lut: int
    ff: int
    dsp: int
    bram: int
    uram: int


# AMD product tables: DS890 (UltraScale, UltraScale+), DS962 (Alveo U200 and U250), DS987 (Kria K26), DS950 (Versal).
DEVICES = {
    "xck26": Device(117_120, 234_240, 1_248, 144, 64),
    "xcku115": Device(663_360, 1_326_720, 5_520, 2_160, 0),
    "xcvu7p": Device(788_160, 1_576_320, 4_560, 1_440, 640),
    "xcvu9p": Device(1_182_240, 2_364_480, 6_840, 2_160, 960),
    "xcvu13p": Device(1_728_000, 3_456_000, 12_288, 2_688, 1_280),
    "xcu200": Device(1_182_240, 2_364_480, 6_840, 2_160, 960),
    "xcu250": Device(1_728_000, 3_456_000, 12_288, 2_688, 1_280),
    "xcvc1902": Device(899_840, 1_799_680, 1_968, 967, 463),
}
"""By the part number up to the first dash or underscore."""


def device_of(part: str) -> Device | None:
    """The device of a part, where it is known.

    >>> device_of("xcvu13p-flga2577-2-e").lut
    1728000
    """
    return DEVICES.get(re.split("[-_]", part.lower())[0])
