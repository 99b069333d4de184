"""`65_rtl.json`: the proof of a design, its timing and its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from data_prep.settings import Settings
from hls_projects.proof.record import Proof
from hls_projects.rtl.synthesis.synthesis import Synthesis
from hls_projects.settings import VariantSettings


class Driven(Settings):
    """The traffic in a simulator; `out_valid` was checked in every clock."""

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
    """How the logic is formed."""
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
    """All pixels in one clock, or some rows a clock."""
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


class BuilderRecord(Settings):
    """The image builder alone, in one of its forms."""

    form: Literal["parallel", "serial"]
    """All candidates in one clock, or some a clock."""
    candidates: int
    """Of a jet."""
    per_clock: int
    """Candidates a clock."""
    interval: int
    """Clocks from one jet to the next."""
    latency: int
    """Clocks from the first candidates to the image, or to its first rows where the network is streamed."""
    estimate: int
    """LUTs by the compiler's cost model."""
    registers: int
    """Bits in registers as written."""
    synthesis: Synthesis | None = None
    """Cells counted by yosys; none where they were not counted."""


class RtlProof(Proof):
    """Everything `65_rtl.json` holds."""

    files: Mapping[str, str] = Field(default_factory=dict)
    """SHA-256 of every file of the design that was proven, by its path in the folder."""
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
    builder: BuilderRecord | None = None
    """What the image builder takes of the design; none where images come in. The rest is the network's."""
    builder_forms: tuple[BuilderRecord, ...] = ()
    """Its other forms, traced and not built, each with the whole image at its end."""
    kept: int = 0
    """Which of the variants was kept and proven."""
    variants: tuple[VariantRecord, ...] = ()
    """What was tried."""
    alternatives: tuple[Alternative, ...] = Field(())
    """Other forms."""
    not_streamable: str = ""
    """Why there is no streamed alternative."""
