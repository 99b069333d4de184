"""The RTL of a lowered network, and its proof."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.errors import PipelineError, ToolNotFoundError
from hls_projects.blocks.compose import compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.compiler import require_compiler
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.export.file_hashes import hash_files
from hls_projects.network.network import Network
from hls_projects.proof.compare import at_ports
from hls_projects.proof.compare_candidates import JetCandidates, images_of, made_candidates
from hls_projects.proof.vectors import made_vectors
from hls_projects.rtl.alternatives import builder_forms, streamed_forms
from hls_projects.rtl.proof import Form, prove, with_hls
from hls_projects.rtl.record import BuilderRecord, Driven, RtlProof
from hls_projects.rtl.simulation import ghdl, verilator
from hls_projects.rtl.synthesis.estimate import check_size
from hls_projects.rtl.variants import build_variants
from models.files.load import load_model
from models.quantization.exact import exact_inference
from pipeline.artefacts.manifest import read_manifest
from pipeline.console import progress, warn
from pipeline.proving import TestSet, require_images_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hls_projects.proof.vectors import RawSource, Vectors, VectorSource
    from hls_projects.rtl.proof import VectorBatch
    from hls_projects.rtl.simulation.traffic import Traffic
    from hls_projects.settings import CsimSettings, HardwareSettings

BATCH = 2000
"""Vectors that a simulator process takes at a time."""


@dataclass(frozen=True)
class ProvenRtl:
    """A design with its proof.

    Attributes:
        record: the proof, which may have failed.
        folder: that of the design; none if none was configured.
    """

    record: RtlProof
    folder: Path | None

    @property
    def size(self) -> str:
        """Interval, latency and size in words; empty without a design."""
        record = self.record
        if not record.variants:
            return ""
        variant = record.variants[record.kept]
        cells = variant.synthesis
        size = f"about {variant.estimate:,} LUT (estimate)" if cells is None else f"{cells.lut:,} LUT, {cells.ff:,} FF"
        return f"an image every {record.interval} clocks, {record.latency} clocks latency, {size}"


def make_rtl(
    lowered: Path, settings: HardwareSettings, work: Path, csim: Path | None, images: Path | None
) -> ProvenRtl:
    """Build every variant of a design, simulate the smallest, and compare it with the trained model.

    Args:
        lowered: folder made by `lower`.
        settings: name, form, variants, vectors.
        work: folder for the build.
        csim: proof of the HLS project, with which the RTL is compared too.
        images: dataset whose test set is simulated; if its images are made from candidates, the design starts with
            these.

    Raises:
        ToolNotFoundError: there is no compiler, or no Verilator.
        UnsupportedModelError: a network that cannot be built in this form, or is too large for it.
        PipelineError: images that are not those of the network, or a proof of the HLS project without the test set.
    """
    rtl = settings.rtl
    if rtl.form == "none":
        return ProvenRtl(RtlProof(status="not run", reason="hardware.yaml asks for no RTL (rtl.form: none)"), None)
    image = Network.load(lowered)
    if images is not None:
        require_images_of(image, images)
    data = [] if images is None else [TestSet(images)]
    if csim is not None and data and csim.with_suffix(".npz").name not in read_manifest(csim).companions:
        raise PipelineError(
            "was made without the test set", file=csim, remedy="run `csim` with --images, or `rtl` without it"
        )
    builder = ImageBuilder.of_images(data[0].split.description) if data else None
    network = image if builder is None else compose(builder, image)
    if rtl.form == "unrolled":
        check_size(network, rtl.largest)
    verilator.verilator_root()
    require_compiler("compile the simulation of the Verilog")
    variants = build_variants(network, settings, work, progress, warn)
    kept = variants.kept
    best, folder, variant = variants.designs[kept], variants.folders[kept], rtl.variants[kept]
    types = network.graph
    vectors: Sequence[VectorSource | RawSource]
    if builder is None:
        ports = [(port.shape, port.type) for port in types.inputs]
        vectors = [*data, *made_vectors(ports, settings.csim.random_vectors, settings.csim.seed)]
    else:
        vectors = _candidates(builder, data, settings.csim)
    simulator = verilator.build(folder, _fresh(work / "verilator"))
    vhdl, vhdl_reason = None, ""
    if rtl.vhdl_vectors:
        try:
            vhdl = ghdl.build(folder, _fresh(work / "ghdl"))
        except ToolNotFoundError as error:
            vhdl_reason = error.problem
            warn(f"the VHDL is not simulated: {error}")
    emulator = FastEmulator(network)
    forms: dict[str, Form] = {"fast emulator": lambda raw: emulator.run(raw, raw=True)}
    if best.logic is not None:
        forms["interpreter"] = best.logic.interpret
    trained = exact_inference(load_model(next(lowered.glob("trained.*"))))
    images_of_batch = None if builder is None else _images_given(builder, image)
    with progress("simulating", sum(source.count for source in vectors), "vectors") as advance:
        compared = prove(
            trained, types, forms, simulator, vhdl, rtl.vhdl_vectors, vectors, BATCH, advance, images_of_batch
        )
    proof = compared.proof if csim is None else with_hls(compared.proof, types, csim, compared.outputs)
    alternatives, not_streamable = streamed_forms(network, settings, variant, progress)
    builder_record: BuilderRecord | None = None
    forms_of_builder: list[BuilderRecord] = []
    if builder is not None:
        builder_record, forms_of_builder = builder_forms(
            builder, image, settings, variant, work / "builder", progress, warn
        )
    record = RtlProof(
        **proof.model_dump(exclude_none=True),
        files=hash_files(folder),
        form=best.design.form,
        latency=best.design.latency,
        interval=best.design.interval,
        verilog=_driven(f"Verilator {verilator.verilator_version()}", compared.verilog),
        vhdl=None if compared.vhdl is None else _driven(ghdl.ghdl_version(), compared.vhdl),
        vhdl_reason=vhdl_reason,
        synthesis_reason=variants.reason,
        builder=builder_record,
        builder_forms=tuple(forms_of_builder),
        kept=kept,
        variants=variants.records,
        alternatives=tuple(alternatives),
        not_streamable=not_streamable,
    )
    return ProvenRtl(record, folder)


def _candidates(builder: ImageBuilder, data: list[TestSet], settings: CsimSettings) -> list[RawSource]:
    jets: list[RawSource] = [JetCandidates(test.split) for test in data]
    return [*jets, *made_candidates(builder, settings.random_vectors, settings.seed)]


def _images_given(builder: ImageBuilder, image: Network) -> Callable[[VectorBatch], tuple[Vectors, ...]]:
    """The images that the trained model is given where the hardware gets candidates."""
    return lambda part: at_ports((images_of(builder, part.raw),), image.graph)


def _driven(tool: str, traffic: Traffic) -> Driven:
    return Driven(tool=tool, **asdict(traffic))


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
