"""`rtl`: the lowered model as Verilog and VHDL, synthesised, simulated clock by clock, and compared with the model."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_prep.errors import PipelineError, ProofFailedError, ToolNotFoundError, UnsupportedModelError
from hls_projects.settings import CsimSettings, HardwareSettings, VariantSettings
from pipeline import configuration
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.artefacts.manifest import read_manifest
from pipeline.console import done, progress, warn
from pipeline.options import Hardware, Images, MaybeCsim, result
from pipeline.proving import TestSet, leave_proof, require_images_of
from pipeline.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from hls_projects.blocks.image_builder import ImageBuilder
    from hls_projects.network.network import Network
    from hls_projects.proof.vectors import Vectors, VectorSource
    from hls_projects.rtl.build import Built
    from hls_projects.rtl.proof import Batch
    from hls_projects.rtl.record import Alternative, BuilderRecord, Driven, VariantRecord
    from hls_projects.rtl.synthesis import Synthesis
    from hls_projects.rtl.traffic import Traffic

BATCH = 2000
"""Vectors a simulator process takes at a time."""


def run(
    lowered: Annotated[Path, typer.Argument(help="Network: a folder made by `lower`.")],
    config: Hardware,
    out: Annotated[Path, result("a folder, build/<run>/65_rtl; the proof goes beside it (.json)")],
    csim: MaybeCsim = None,
    images: Images = None,
) -> None:
    """Write Verilog and VHDL, proven equal to the network.

    Simulated clock by clock, they must give the same integers as the trained model on random vectors, on corner cases,
    on the whole test set of --images, and as the HLS project of --csim. Where images are made from candidates, the
    design starts from these. Needs g++; the VHDL is simulated where GHDL is installed.
    """
    settings = configuration.load(config, HardwareSettings)
    proof_file = out.with_name(f"{out.name}.json")
    inputs = {"lower": lowered, "csim": csim, "images": images}
    with artefact(out, "rtl", settings={"hardware": settings}, inputs=inputs, companions=[proof_file]) as space:
        from hls_projects.blocks.compose import compose
        from hls_projects.blocks.image_builder import ImageBuilder
        from hls_projects.compiler import require_compiler
        from hls_projects.emulator.fast_emulator import FastEmulator
        from hls_projects.export.file_hashes import hash_files
        from hls_projects.network.network import Network
        from hls_projects.proof.vectors import made_vectors
        from hls_projects.rtl import ghdl, verilator
        from hls_projects.rtl.estimate import check_size
        from hls_projects.rtl.proof import Form, prove, with_hls
        from hls_projects.rtl.record import RtlProof
        from models.files.load import load_model
        from models.quantization.exact import exact_inference

        wanted = settings.rtl
        if wanted.form == "none":
            record = RtlProof(status="not run", reason="hardware.yaml asks for no RTL (rtl.form: none)")
            write_json(space.companions[0], record.model_dump(mode="json"))
            done("rtl", f"{out}: not run, {record.reason}")
            return
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
        if wanted.form == "unrolled":
            check_size(network, wanted.largest)
        try:
            verilator.verilator_root()
            require_compiler("compile the simulation of the Verilog")
        except ToolNotFoundError as error:
            leave_proof(space, space.companions[0], RtlProof(status="not run", reason=error.what))
            raise
        built, records, reason = _variants(network, settings, space.work)
        kept = min(range(len(records)), key=lambda i: _size(records[i]))
        best, folder = built[kept], space.work / f"variant{kept}"
        types = network.types
        given = None
        vectors: list[VectorSource]
        if builder is None:
            ports = [(port.shape, port.type) for port in types.inputs]
            vectors = [*data, *made_vectors(ports, settings.csim.random_vectors, settings.csim.seed)]
        else:
            vectors = _candidates(builder, data, settings.csim)
            given = _images_given(builder, image)
        simulator = verilator.build(folder, _fresh(space.work / "verilator"))
        vhdl, vhdl_reason = None, ""
        if wanted.vhdl_vectors:
            try:
                vhdl = ghdl.build(folder, _fresh(space.work / "ghdl"))
            except ToolNotFoundError as error:
                vhdl_reason = error.what
                warn(f"the VHDL is not simulated: {error}")
        emulator = FastEmulator(network)
        forms: dict[str, Form] = {"fast emulator": lambda raw: emulator.run(raw, raw=True)}
        if best.logic is not None:
            forms["interpreter"] = best.logic.interpret
        trained = exact_inference(load_model(next(lowered.glob("trained.*"))))
        with progress("simulating", sum(source.count for source in vectors), "vectors") as advance:
            found = prove(trained, types, forms, simulator, vhdl, wanted.vhdl_vectors, vectors, BATCH, advance, given)
        proof = found.proof if csim is None else with_hls(found.proof, types, csim, found.outputs)
        others, not_streamable = _alternatives(network, settings, wanted.variants[kept])
        alone, forms_of_builder = _builder(builder, image, settings, wanted.variants[kept], space.work)
        record = RtlProof(
            **proof.model_dump(exclude_none=True),
            files=hash_files(folder),
            form=best.design.form,
            latency=best.design.latency,
            interval=best.design.interval,
            verilog=_driven(f"Verilator {verilator.verilator_version()}", found.verilog),
            vhdl=None if found.vhdl is None else _driven(ghdl.ghdl_version(), found.vhdl),
            vhdl_reason=vhdl_reason,
            synthesis_reason=reason,
            builder=alone,
            builder_forms=tuple(forms_of_builder),
            kept=kept,
            variants=tuple(records),
            alternatives=tuple(others),
            not_streamable=not_streamable,
        )
        if record.status != "proven":
            leave_proof(space, space.companions[0], record)
            raise ProofFailedError(f"model and RTL differ: {record.first_mismatch}", file=lowered)
        shutil.copytree(folder, space.path, dirs_exist_ok=True)
        write_json(space.companions[0], record.model_dump(mode="json"))
    done("rtl", f"{out}: {record.reason}, {_in_words(record.variants[kept], best)}")


def _variants(network: Network, hardware: HardwareSettings, work: Path) -> tuple[list[Built], list[VariantRecord], str]:
    """Build and synthesise every variant; the reason why cells were not counted, where they were not."""
    from hls_projects.rtl.build import build
    from hls_projects.rtl.record import VariantRecord

    settings = hardware.rtl
    folders = [work / f"variant{number}" for number in range(len(settings.variants))]
    built = []
    with progress("building", len(folders), "variants") as advance:
        for folder, variant in zip(folders, settings.variants, strict=True):
            shutil.rmtree(folder, ignore_errors=True)
            built.append(build(network, hardware.name, settings, variant, folder, hardware.builder))
            advance(1)
    counted, reason = _counted(folders, settings.synthesis_seconds, [made.estimate for made in built])
    records = [
        VariantRecord(
            variant=variant,
            latency=made.design.latency,
            estimate=round(made.estimate),
            registers=made.registers,
            synthesis=cells,
        )
        for variant, made, cells in zip(settings.variants, built, counted, strict=True)
    ]
    return built, records, reason


def _counted(folders: list[Path], seconds: int, estimates: list[float]) -> tuple[list[Synthesis | None], str]:
    """The cells of designs, on all cores; and why some were not counted."""
    from data_prep.system.programs import Children
    from hls_projects.rtl.synthesis import FLATTENED_LARGEST, TooSlowError, synthesise, yosys_version

    if not seconds:
        return [None] * len(folders), "hardware.yaml asks for none"
    try:
        yosys_version()
    except ToolNotFoundError as error:
        warn(f"sizes are estimated: {error}")
        return [None] * len(folders), error.what
    counted: list[Synthesis | None] = []
    reason = ""
    with (
        progress("synthesising", len(folders), "variants") as advance,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
        Children() as children,
    ):
        scratch = [_fresh(folder.with_name(f"{folder.name}_synthesis")) for folder in folders]
        waiting = [
            pool.submit(
                synthesise, folder, place, flatten=size <= FLATTENED_LARGEST, cpu_seconds=seconds, children=children
            )
            for folder, place, size in zip(folders, scratch, estimates, strict=True)
        ]
        for future in waiting:
            try:
                counted.append(future.result())
            except TooSlowError as error:
                counted.append(None)
                reason = error.what
            advance(1)
    return counted, reason


def _alternatives(
    network: Network, hardware: HardwareSettings, variant: VariantSettings
) -> tuple[list[Alternative], str]:
    """The network streamed by every number of rows that goes, traced only; from candidates on with a serial builder."""
    from hls_projects.blocks.compose import builder_of
    from hls_projects.rtl.machine import Pipelining
    from hls_projects.rtl.record import Alternative
    from hls_projects.rtl.rewrite import pool_first
    from hls_projects.rtl.streamed import of_candidates, streamed

    settings, per_clock = hardware.rtl, hardware.builder.candidates_per_clock
    source = pool_first(network) if variant.pool_first else network
    pipelining = Pipelining(settings.delay, ternary=variant.ternary)
    first = builder_of(network)
    rows = (first or network.types.inputs[0]).shape[0]
    wanted = settings.trade_off
    if wanted is None:
        wanted = tuple(n for n in range(1, rows) if rows % n == 0)
    found, reason = [], ""
    with progress("comparing forms", len(wanted), "forms") as advance:
        for number in wanted:
            try:
                if first is None:
                    made = streamed(source, hardware.name, number, pipelining, variant.saturation)
                else:
                    made = of_candidates(source, hardware.name, per_clock, number, pipelining, variant.saturation)
            except UnsupportedModelError as error:
                reason = reason or error.what
            else:
                found.append(
                    Alternative(
                        form="streamed",
                        rows=number,
                        interval=made.interval,
                        latency=made.latency,
                        estimate=round(made.machine.estimate),
                        registers=made.machine.registers,
                    )
                )
            advance(1)
    return found, reason


def _builder(
    builder: ImageBuilder | None, image: Network, hardware: HardwareSettings, variant: VariantSettings, work: Path
) -> tuple[BuilderRecord | None, list[BuilderRecord]]:
    """What the image builder takes alone, synthesised, and what its other forms would."""
    if builder is None:
        return None, []
    from hls_projects.rtl.build_builder import build_builder, other_forms

    folder = work / "builder"
    shutil.rmtree(folder, ignore_errors=True)
    port, name = image.types.inputs[0], f"{hardware.name}_image"
    record = build_builder(builder, port, name, hardware.rtl, variant, hardware.builder, folder)
    counted, _ = _counted([folder], hardware.rtl.synthesis_seconds, [record.estimate])
    others = other_forms(builder, port, hardware.rtl, variant)
    kept = [each for each in others if (each.form, each.per_clock) != (record.form, record.per_clock)]
    return record.model_copy(update={"synthesis": counted[0]}), kept


def _candidates(builder: ImageBuilder, data: list[TestSet], settings: CsimSettings) -> list[VectorSource]:
    from hls_projects.proof.compare_candidates import JetCandidates, made_candidates

    jets: list[VectorSource] = [JetCandidates(builder, each.split) for each in data]
    return [*jets, *made_candidates(builder, settings.random_vectors, settings.seed)]


def _images_given(builder: ImageBuilder, image: Network) -> Callable[[Batch], tuple[Vectors, ...]]:
    """The images that the trained model is given where the hardware gets candidates."""
    from hls_projects.proof.compare import at_ports
    from hls_projects.proof.compare_candidates import images_of

    return lambda part: at_ports((images_of(builder, part.inputs),), image.types)


def _size(record: VariantRecord) -> tuple[bool, int]:
    """Synthesised counts where there are any; an estimate never beats one."""
    counted = record.synthesis
    return (True, record.estimate) if counted is None else (False, counted.lut)


def _driven(tool: str, traffic: Traffic) -> Driven:
    from hls_projects.rtl.record import Driven

    return Driven(tool=tool, **asdict(traffic))


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _in_words(record: VariantRecord, built: Built) -> str:
    design, counted = built.design, record.synthesis
    size = f"about {record.estimate:,} LUT (estimate)" if counted is None else f"{counted.lut:,} LUT, {counted.ff:,} FF"
    return f"an image every {design.interval} clocks, {design.latency} clocks latency, {size}"


STAGE = Stage(
    run,
    place=65,
    example=r"""
python -m pipeline rtl --config configs/demo/hardware.yaml \
  --csim build/demo/60_csim.json --images build/demo/20_images \
  build/demo/40_lowered --out build/demo/65_rtl
""",
    artefact="65_rtl",
    inputs=("images", "lower", "csim"),
    in_every_run=True,
)
