"""`synth.json`: size and timing of a design, each with the tool and the stage of its flow that reports it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from data_prep.settings import Settings
from hls_projects.json_record import JsonRecord
from hls_projects.rtl.record import RtlProof

Stage = Literal["estimate", "cells counted", "C synthesis", "synthesised", "routed"]


class HardwareNumbers(Settings):
    """The report of one tool on one form of the design; None for a number that the tool does not report."""

    design: Literal["RTL", "HLS project"]
    """Which form."""
    tool: str
    """Program and version."""
    stage: Stage
    """How far the tool went: delays of wires are known once the design is routed."""
    latency: int | None = None
    """Clocks from the first input to the result."""
    interval: int | None = None
    """Clocks from one image to the next."""
    target_period: float | None = None
    """Clock period that was asked for (ns)."""
    achieved_period: float | None = None
    """Clock period that holds by this tool: target minus worst slack, or the estimate of C synthesis (ns)."""
    hold_slack: float | None = None
    """The worst of all hold paths (ns): negative, the design does not work at any clock."""
    lut: int
    """Look-up tables."""
    ff: int
    """Flip-flops."""
    dsp: int | None = None
    """DSP blocks."""
    bram: float | None = None
    """Blocks of memory of 36 kbit; a half is one of 18 kbit."""
    uram: int | None = None
    """Blocks of memory of 288 kbit."""

    @property
    def met(self) -> bool | None:
        """Whether timing is met; None before routing, as slacks are guesses then."""
        if self.stage != "routed" or self.achieved_period is None or self.target_period is None:
            return None
        return self.achieved_period <= self.target_period and (self.hold_slack or 0) >= 0


class VendorNumbers(JsonRecord):
    """Everything `synth.json` holds."""

    part: str
    """The FPGA."""
    numbers: tuple[HardwareNumbers, ...]
    """In the order of the flow."""

    @classmethod
    def load(cls, folder: Path) -> VendorNumbers:
        """Read `synth.json`.

        Raises:
            InputFileError: when there is none or it holds something else.
        """
        return cls.read(folder / "synth.json", "result of synthesis", "synth")


def open_numbers(proof: RtlProof) -> list[HardwareNumbers]:
    """The numbers of the RTL compiler and of yosys for the variant that was kept; empty where there is no RTL."""
    if not proof.variants:
        return []
    kept = proof.variants[proof.kept]
    timing = {"latency": proof.latency, "interval": proof.interval}
    files = [
        HardwareNumbers(
            design="RTL", tool="alkaid, cost model", stage="estimate", lut=kept.estimate, ff=kept.registers, **timing
        )
    ]
    if (cells := kept.synthesis) is not None:
        method = "flattened" if cells.flattened else "module by module"
        counts = {"lut": cells.lut, "ff": cells.ff, "dsp": cells.dsp, "bram": cells.bram}
        files.append(
            HardwareNumbers(design="RTL", tool=f"{cells.tool}, {method}", stage="cells counted", **counts, **timing)
        )
    return files


def all_numbers(proof: RtlProof | None, vendor: VendorNumbers | None) -> Sequence[HardwareNumbers]:
    """Open numbers first, then those of the vendor's tools."""
    return (*(open_numbers(proof) if proof else ()), *(vendor.numbers if vendor else ()))
