"""A network in the form and variant that the settings ask for, as clocked logic, and as a design on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import UnsupportedModelError
from hls_projects.blocks.compose import builder_of
from hls_projects.blocks.image_builder import SEEDS
from hls_projects.network.network import Network
from hls_projects.rtl.clocked.machine import Machine, Pipelining
from hls_projects.rtl.clocked.write import write
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.rewrite import pool_first
from hls_projects.rtl.forms.streamed import Streamed, of_candidates, streamed
from hls_projects.rtl.forms.unrolled import unrolled
from hls_projects.rtl.logic.trace import Logic, trace
from hls_projects.settings import BuilderSettings, RtlSettings, VariantSettings


@dataclass(frozen=True)
class WrittenDesign:
    """A design that was written.

    Attributes:
        design: its description.
        estimate: LUTs by the compiler's cost model.
        registers: bits.
        logic: the combinational logic of an unrolled design, for the interpreter.
    """

    design: RtlDesign
    estimate: float
    registers: int
    logic: Logic | None = None


@dataclass(frozen=True)
class AssembledDesign:
    """A design that was put together and not written.

    Attributes:
        machine: its clocked logic.
        timing: what `RtlDesign` says of form, beats, interval and latency.
        logic: the combinational logic of an unrolled design.
    """

    machine: Machine
    timing: Mapping[str, Any]
    logic: Logic | None = None


def write_design(
    network: Network,
    name: str,
    settings: RtlSettings,
    variant: VariantSettings,
    folder: Path,
    builder: BuilderSettings | None = None,
) -> WrittenDesign:
    """Write the form that the settings ask for.

    Args:
        network: the lowered model, with the image builder in front of it where it starts from candidates.
        name: top module.
        settings: form, rows a clock, depth of the pipeline.
        variant: how the logic is formed.
        folder: is created; gets `rtl.json`, `verilog/` and `vhdl/`.
        builder: form of the image builder.

    Raises:
        UnsupportedModelError: the network cannot be streamed, or its image builder does not exist in this form.
    """
    assembled = assemble(network, name, settings, variant, builder)
    folder.mkdir(parents=True)
    described = {"name": name, "inputs": network.graph.inputs, "outputs": network.graph.outputs}
    design = RtlDesign.model_validate(described | {"verilog": (), "vhdl": ()} | dict(assembled.timing))
    machine = assembled.machine
    return WrittenDesign(write(machine, design, folder), machine.estimate, machine.registers, assembled.logic)


def assemble(
    network: Network,
    name: str,
    settings: RtlSettings,
    variant: VariantSettings,
    builder: BuilderSettings | None = None,
    traces: dict[tuple[bool, str], Logic] | None = None,
) -> AssembledDesign:
    """Put together the form that the settings ask for; see `write_design`.

    Args:
        network: the lowered model.
        name: top module.
        settings: form, rows a clock, depth of the pipeline.
        variant: how the logic is formed.
        builder: form of the image builder.
        traces: the logic of this network for other variants, by `pool_first` and `saturation`; used, and added to.

    Raises:
        UnsupportedModelError: the network cannot be streamed, or its image builder does not exist in this form.
    """
    source = pool_first(network) if variant.pool_first else network
    form = None if builder_of(network) is None else builder or BuilderSettings()
    rows = settings.rows if settings.form == "streamed" else None
    # The input has a register of its own.
    stages = None if settings.clocks is None else settings.clocks - 1
    pipelining = Pipelining(None if stages else settings.delay, stages, variant.ternary)
    logic = None
    timing: dict[str, Any] = {"form": settings.form}
    if form is not None and form.form == "serial":
        if stages:
            raise UnsupportedModelError(
                "if candidates come a few per clock, the latency cannot be chosen",
                remedy="give `delay` instead of `clocks`, or use the parallel builder",
            )
        machine, timing = _timed(
            of_candidates(source, name, form.candidates_per_clock, rows, pipelining, variant.saturation), timing
        )
        timing["every_beat"] = SEEDS
    elif form is not None and rows is not None:
        raise UnsupportedModelError(
            "the parallel image builder gives whole images, a streamed network takes rows",
            remedy="set `builder: {form: serial}` in hardware.yaml, or `rtl: {form: unrolled}`",
        )
    elif rows is not None:
        machine, timing = _timed(streamed(source, name, rows, pipelining, variant.saturation), timing)
    else:
        traces = {} if traces is None else traces
        key = (variant.pool_first, variant.saturation)
        if key not in traces:
            traces[key] = trace(source, variant.saturation)
        logic = traces[key]
        machine, latency = unrolled(logic, name, pipelining)
        timing |= {"beats": 1, "interval": 1, "latency": latency}
    if form is not None:
        timing["builder"] = form.form
    return AssembledDesign(machine, timing, logic)


def _timed(streamed_design: Streamed, timing: dict[str, Any]) -> tuple[Machine, dict[str, Any]]:
    names = ("beats", "interval", "interval_step", "latency")
    return streamed_design.machine, timing | {name: getattr(streamed_design, name) for name in names}
