"""`65_rtl.json`: the proof of a design, its timing, and what it takes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from data_prep.settings import Settings
from hls_projects.proof import Proof
from hls_projects.rtl.synthesis import Synthesis
from hls_projects.settings import VariantSettings


class Driven(Settings):
    """What a simulator did; every clock's `out_valid` was checked."""

    tool: str
    """Program and version."""
    images: int
    """Results that came out and were compared."""
    clocks: int
    """Clocks simulated."""
    longest_run: int
    """Images begun one initiation interval after the other, without a gap."""
    pauses: int
    """Images begun later than that."""
    resets: int
    """Resets while images were on their way."""
    forgotten: int
    """Images that vanished by them, as they must."""


class VariantRecord(Settings):
    """One way the logic was formed."""

    variant: VariantSettings
    """Which."""
    latency: int
    """Clocks."""
    estimate: int
    """LUTs by the compiler's cost model: no synthesised count."""
    registers: int
    """Bits in registers as written, before any are merged or become shift registers."""
    synthesis: Synthesis | None
    """Cells counted by yosys; none where they were not counted."""


class Alternative(Settings):
    """Another form of the same network, traced and not built."""

    form: Literal["unrolled", "streamed"]
    """Which."""
    rows: int
    """Image rows a clock."""
    interval: int
    """Clocks from one image to the next."""
    latency: int
    """Clocks."""
    estimate: int
    """LUTs by the compiler's cost model."""
    registers: int
    """Bits in registers as written."""


class RtlProof(Proof):
    """Everything `65_rtl.json` holds."""

    form: Literal["unrolled", "streamed"] | None = None
    """Of the design that was proven."""
    latency: int | None = None
    """Clocks from `in_valid` to `out_valid`."""
    interval: int | None = None
    """Clocks from one image to the next."""
    verilog: Driven | None = None
    """Simulation of the Verilog."""
    vhdl: Driven | None = None
    """Simulation of the VHDL; none where it was not run."""
    vhdl_reason: str = ""
    """Why the VHDL was not simulated."""
    synthesis_reason: str = ""
    """Why cells were not counted."""
    kept: int = 0
    """Which of the variants was kept and proven."""
    variants: tuple[VariantRecord, ...] = ()
    """What was tried."""
    alternatives: tuple[Alternative, ...] = Field(())
    """Other forms."""
    not_streamable: str = ""
    """Why there is no streamed alternative."""
