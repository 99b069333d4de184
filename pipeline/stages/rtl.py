"""`rtl`: the lowered model as Verilog and VHDL, synthesised, simulated clock by clock, and compared with the model."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_prep.errors import ProofFailedError, ToolNotFoundError, UnsupportedModelError
from hls_projects.settings import HardwareSettings, RtlSettings, VariantSettings
from pipeline import configuration
from pipeline.artefact import artefact, write_json
from pipeline.console import done, progress, warn
from pipeline.proving import TestSet, leave_proof

if TYPE_CHECKING:
    from hls_projects.network import Network
    from hls_projects.rtl.build import Built
    from hls_projects.rtl.record import Alternative, Driven, VariantRecord
    from hls_projects.rtl.synthesis import Synthesis
    from hls_projects.rtl.traffic import Traffic
    from hls_projects.vectors import VectorSource

BATCH = 2000
"""Vectors a simulator process takes at a time."""


def run(
    lowered: Annotated[Path, typer.Argument(help="Folder made by `lower`.")],
    config: Annotated[Path, typer.Option(help="hardware.yaml")],
    out: Annotated[Path, typer.Option(help="Folder to make; the proof goes beside it (.json).")],
    csim: Annotated[Path | None, typer.Option(help="Proof made by `csim`; its integers are compared too.")] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder made by `images`; its whole test set is compared.")
    ] = None,
) -> None:
    """Prove trained model = HLS emulation = interpreter = fast emulator = simulated Verilog and VHDL."""
    settings = configuration.load(config, HardwareSettings)
    proof_file = out.with_name(f"{out.name}.json")
    inputs = [lowered, *([csim] if csim else []), *([images] if images else [])]
    with artefact(out, "rtl", settings={"hardware": settings}, inputs=inputs, companions=[proof_file]) as space:
        from hls_projects.emulator.fast_emulator import FastEmulator
        from hls_projects.network import Network
        from hls_projects.rtl import ghdl, verilator
        from hls_projects.rtl.estimate import check_size
        from hls_projects.rtl.proof import Form, prove, with_hls
        from hls_projects.rtl.record import RtlProof
        from hls_projects.vectors import made_vectors
        from models.exact import exact_inference
        from models.load import load_model

        wanted = settings.rtl
        network = Network.load(lowered)
        if wanted.form == "unrolled":
            check_size(network, wanted.largest)
        try:
            verilator.verilator_root()
        except ToolNotFoundError as error:
            leave_proof(proof_file, RtlProof(status="not run", reason=error.what))
            raise
        built, records, reason = _variants(network, settings.name, wanted, space.work)
        kept = min(range(len(records)), key=lambda i: _size(records[i]))
        best, folder = built[kept], space.work / f"variant{kept}"
        types = network.types
        ports = [(port.shape, port.type) for port in types.inputs]
        data = [] if images is None else [TestSet(images)]
        vectors: list[VectorSource] = [*data, *made_vectors(ports, settings.csim.random_vectors, settings.csim.seed)]
        simulator = verilator.build(folder, _fresh(space.work / "verilator"))
        vhdl, vhdl_reason = None, ""
        if wanted.vhdl_vectors:
            try:
                vhdl = ghdl.build(folder, _fresh(space.work / "ghdl"))
            except ToolNotFoundError as error:
                vhdl_reason = error.what
        emulator = FastEmulator(network)
        forms: dict[str, Form] = {"fast emulator": lambda raw: emulator.run(raw, raw=True)}
        if best.logic is not None:
            forms["interpreter"] = best.logic.interpret
        trained = exact_inference(load_model(next(lowered.glob("trained.*"))))
        with progress("simulating", sum(source.count for source in vectors), "vectors") as advance:
            found = prove(trained, types, forms, simulator, vhdl, wanted.vhdl_vectors, vectors, BATCH, advance)
        proof = found.proof if csim is None else with_hls(found.proof, types, csim, found.outputs)
        others, not_streamable = _alternatives(network, settings.name, wanted, wanted.variants[kept])
        record = RtlProof(
            **proof.model_dump(exclude_none=True),
            form=best.design.form,
            latency=best.design.latency,
            interval=best.design.interval,
            verilog=_driven(f"Verilator {verilator.verilator_version()}", found.verilog),
            vhdl=None if found.vhdl is None else _driven(ghdl.ghdl_version(), found.vhdl),
            vhdl_reason=vhdl_reason,
            synthesis_reason=reason,
            kept=kept,
            variants=tuple(records),
            alternatives=tuple(others),
            not_streamable=not_streamable,
        )
        if record.status != "proven":
            leave_proof(proof_file, record)
            raise ProofFailedError(f"model and RTL differ: {record.first_mismatch}", file=lowered)
        shutil.copytree(folder, space.path, dirs_exist_ok=True)
        write_json(space.companions[0], record.model_dump(mode="json"))
    if vhdl_reason:
        warn(f"the VHDL was not simulated: {vhdl_reason}")
    done("rtl", f"{out}: {record.reason}, {_in_words(record.variants[kept], best)}")


def _variants(
    network: Network, name: str, settings: RtlSettings, work: Path
) -> tuple[list[Built], list[VariantRecord], str]:
    """Build and synthesise every variant; the reason why cells were not counted, where they were not."""
    from hls_projects.rtl.build import build
    from hls_projects.rtl.record import VariantRecord

    folders = [work / f"variant{number}" for number in range(len(settings.variants))]
    built = []
    with progress("building", len(folders), "variants") as advance:
        for folder, variant in zip(folders, settings.variants, strict=True):
            shutil.rmtree(folder, ignore_errors=True)
            built.append(build(network, name, settings, variant, folder))
            advance(1)
    counted, reason = _counted(folders, settings.synthesis_seconds)
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


def _counted(folders: list[Path], seconds: int) -> tuple[list[Synthesis | None], str]:
    """The cells of designs, on all cores; and why some were not counted."""
    from hls_projects.rtl.children import Children
    from hls_projects.rtl.synthesis import TooSlowError, synthesise, yosys_version

    if not seconds:
        return [None] * len(folders), "hardware.yaml asks for none"
    try:
        yosys_version()
    except ToolNotFoundError as error:
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
            pool.submit(synthesise, folder, place, cpu_seconds=seconds, children=children)
            for folder, place in zip(folders, scratch, strict=True)
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
    network: Network, name: str, settings: RtlSettings, variant: VariantSettings
) -> tuple[list[Alternative], str]:
    """The network streamed by every number of rows that goes, traced only."""
    from hls_projects.rtl.machine import Pipelining
    from hls_projects.rtl.record import Alternative
    from hls_projects.rtl.rewrite import pool_first
    from hls_projects.rtl.streamed import streamed

    source = pool_first(network) if variant.pool_first else network
    pipelining = Pipelining(settings.delay, ternary=variant.ternary)
    rows = network.types.inputs[0].shape[0]
    wanted = settings.trade_off
    if wanted is None:
        wanted = tuple(n for n in range(1, rows) if rows % n == 0)
    found, reason = [], ""
    with progress("comparing forms", len(wanted), "forms") as advance:
        for number in wanted:
            try:
                made = streamed(source, name, number, pipelining, variant.saturation)
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
