"""`hardware.yaml`: what the firmware is made for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from data_prep.settings import Settings

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]


class HlsSettings(Settings):
    """The HLS project."""

    backend: Literal["Vitis", "Vivado"] = "Vitis"
    """hls4ml backend. The others are silently wrong on separable convolutions or need vendor tools to emulate."""
    io_type: Literal["io_parallel", "io_stream"] = "io_parallel"
    """All pixels in one clock, or one pixel a clock."""
    part: str = Field("xcvu13p-flga2577-2-e", pattern=r"^xc[a-z0-9-]+$")
    """FPGA part number."""
    clock_period: float = Field(2.5, gt=0.5, le=100)
    """Clock period (ns)."""
    strategy: Literal["latency", "resource"] = "latency"
    """hls4ml strategy; `resource` cannot be used with depthwise convolutions in io_parallel."""
    reuse_factor: int = Field(1, ge=1)
    """How many products share one multiplier."""


class CsimSettings(Settings):
    """The comparison of the HLS emulation with the model."""

    random_vectors: int = Field(2000, ge=0)
    """Vectors drawn uniformly over the range of the input type, beside the test set and the corner vectors."""
    seed: int = 1
    """Seed of the random vectors."""
    batch: int = Field(500, ge=1)
    """Vectors a worker process emulates in one go (memory grows with it)."""


class ExportSettings(Settings):
    """The firmware bundle."""

    test_jets: int = Field(1000, ge=0)
    """Jets among the reference vectors, evenly spread over the test set; corner vectors are always there."""


class HardwareSettings(Settings):
    """Everything `hardware.yaml` holds."""

    name: Identifier
    """Name of the design: lower-case C++ and VHDL identifier, also the HLS top function."""
    hls: HlsSettings = HlsSettings()
    """The HLS project."""
    csim: CsimSettings = CsimSettings()
    """The bit-exact comparison."""
    export: ExportSettings = ExportSettings()
    """The firmware bundle."""
