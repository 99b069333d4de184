"""`hardware.yaml`: what the firmware is made for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from data_prep.settings import Seed, Settings
from hls_projects.export.links.packing_settings import PackingSettings
from hls_projects.export.targets.emp_settings import EmpSettings
from hls_projects.network.identifiers import require_identifier
from hls_projects.vendor.devices import PART

Identifier = Annotated[str, AfterValidator(require_identifier)]


class HlsSettings(Settings):
    """The HLS project."""

    backend: Literal["Vitis", "Vivado"] = "Vitis"
    """hls4ml backend. The others are silently wrong on separable convolutions or need vendor tools to emulate."""
    io_type: Literal["io_parallel", "io_stream"] = "io_parallel"
    """All pixels in one clock, or one pixel a clock."""
    part: str = Field("xcvu13p-flga2577-2-e", pattern=PART, max_length=64)
    """FPGA part number, as the vendor writes it."""
    clock_period: float = Field(2.5, gt=0.5, le=100)
    """Clock period (ns)."""
    strategy: Literal["latency", "resource"] = "latency"
    """hls4ml strategy; `resource` cannot be used with depthwise convolutions in io_parallel."""
    reuse_factor: int = Field(1, ge=1, le=1_000_000)
    """How many products share one multiplier."""


class CsimSettings(Settings):
    """The comparison of the HLS emulation with the model."""

    random_vectors: int = Field(2000, ge=0, le=1_000_000)
    """Vectors drawn uniformly over the range of the input type, beside the test set and the corner vectors; all are in
    memory at once (8 bytes an input)."""
    seed: Seed = 1
    """Seed of the random vectors."""
    vectors: int | None = Field(None, ge=1, le=100_000_000)
    """Vectors of each kind, the test set among them, that the HLS emulation runs on where all would take too long: the
    first half of them, and others evenly spread over the rest. Left out, it runs on all. The fast emulator is compared
    with the trained model on the whole test set in any case. The bundle's corner vectors are those too."""
    batch: int = Field(500, ge=1, le=1_000_000)
    """Vectors a worker process emulates in one go (memory grows with it)."""


class VariantSettings(Settings):
    """One way to build the same function as logic."""

    saturation: Literal["bits", "compare"] = "bits"
    """How quantizers saturate: by the bits above the result, or by comparing with its largest and smallest value."""
    ternary: bool = True
    """Whether adders of three are formed."""
    pool_first: bool = False
    """Whether maximum pooling goes before the quantizer it follows."""


class RtlSettings(Settings):
    """Verilog and VHDL without a vendor tool."""

    form: Literal["unrolled", "streamed", "none"] = "unrolled"
    """A whole image every clock, or some rows of it; none makes no RTL, as of images that are too large for it."""
    rows: int = Field(1, ge=1, le=512)
    """Image rows a clock of the streamed form."""
    delay: float = Field(4, gt=0, le=1000)
    """Largest delay between registers, in adders: smaller is a faster clock and more clocks."""
    clocks: int | None = Field(None, ge=3, le=1000)
    """Latency wanted of the unrolled form, instead of `delay`."""
    variants: tuple[VariantSettings, ...] = (VariantSettings(), VariantSettings(ternary=False))
    """What is built and synthesised; the one with the fewest LUTs is kept and proven."""
    largest: int = Field(300_000, ge=1, le=10_000_000)
    """Largest estimate (LUT) that is built; a larger design is refused before any work."""
    synthesis_seconds: int = Field(600, ge=0, le=604_800)
    """Processor time (s) for counting the cells of a variant, once flattened and once by module; 0 counts none."""
    vhdl_vectors: int = Field(50, ge=0, le=100_000)
    """Vectors the VHDL is simulated on, where GHDL is installed: some of every kind."""
    trade_off: tuple[Annotated[int, Field(ge=1, le=512)], ...] | None = None
    """Rows a clock of the streamed designs that the report compares; where not given, all that divide the image."""

    @model_validator(mode="after")
    def _one_depth(self) -> RtlSettings:
        if self.form == "streamed" and self.clocks is not None:
            raise ValueError("'clocks' is for the unrolled form; a streamed design takes 'delay'")
        if not self.variants:
            raise ValueError("at least one of 'variants' is needed")
        return self


class BuilderSettings(Settings):
    """The image builder in the RTL, of runs whose images are made of candidates."""

    form: Literal["parallel", "serial"] = "parallel"
    """All candidates in one clock (unrolled networks only), or some a clock, which is several times smaller."""
    candidates_per_clock: int = Field(1, ge=1, le=128)
    """Of the serial form: a divisor of the number of candidates."""


class SynthSettings(Settings):
    """The vendor's synthesis, where its tools are installed."""

    route: bool = True
    """Whether Vivado places and routes too; before that the delays of wires are guesses."""


class ExportSettings(Settings):
    """The firmware bundle."""

    test_jets: int = Field(1000, ge=0, le=1_000_000)
    """Jets among the reference vectors, evenly spread over the test set; corner vectors are always there."""
    version: str = Field("1", pattern=r"^[0-9]+(_[0-9]+)*$", max_length=20)
    """Version of the design, such as 2 or 2_0_1: it stands in the name of the emulator that CMSSW loads."""


class HardwareSettings(Settings):
    """Everything `hardware.yaml` holds."""

    name: Identifier
    """Name of the design: lower-case C++ and VHDL identifier, also the HLS top function."""
    hls: HlsSettings = HlsSettings()
    """The HLS project."""
    csim: CsimSettings = CsimSettings()
    """The bit-exact comparison."""
    rtl: RtlSettings = RtlSettings()
    """Verilog and VHDL."""
    builder: BuilderSettings = BuilderSettings()
    """The image builder in front of the network, where images are made of candidates."""
    synth: SynthSettings = SynthSettings()
    """The vendor's synthesis."""
    packing: PackingSettings = PackingSettings()
    """The values of the RTL's ports on the links of a board, and the pattern files."""
    emp: EmpSettings = EmpSettings()
    """The EMP framework that the payload is for."""
    export: ExportSettings = ExportSettings()
    """The firmware bundle."""
