"""From a network to a design on disk, in the form and variant that are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hls_projects.network import Network
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.machine import Pipelining
from hls_projects.rtl.rewrite import pool_first
from hls_projects.rtl.streamed import streamed
from hls_projects.rtl.trace import Logic, trace
from hls_projects.rtl.unrolled import unrolled
from hls_projects.rtl.write import write
from hls_projects.settings import RtlSettings, VariantSettings


@dataclass(frozen=True)
class Built:
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


def build(network: Network, name: str, settings: RtlSettings, variant: VariantSettings, folder: Path) -> Built:
    """Write the form that the settings ask for.

    Args:
        network: the lowered model.
        name: top module.
        settings: form, rows a clock, depth of the pipeline.
        variant: how the logic is formed.
        folder: made; gets `rtl.json`, `verilog/` and `vhdl/`.

    Raises:
        UnsupportedModelError: where the network cannot be streamed.
    """
    source = pool_first(network) if variant.pool_first else network
    # The input has a register of its own.
    stages = None if settings.clocks is None else settings.clocks - 1
    pipelining = Pipelining(None if stages else settings.delay, stages, variant.ternary)
    logic = None
    timing: dict[str, int | str]
    if settings.form == "unrolled":
        logic = trace(source, variant.saturation)
        machine, latency = unrolled(logic, name, pipelining)
        timing = {"form": "unrolled", "beats": 1, "interval": 1, "latency": latency}
    else:
        made = streamed(source, name, settings.rows, pipelining, variant.saturation)
        machine = made.machine
        beats = network.types.inputs[0].shape[0] // settings.rows
        timing = {"form": "streamed", "beats": beats, "interval": made.interval, "latency": made.latency}
        timing["interval_step"] = made.interval_step
    folder.mkdir(parents=True)
    described = {"name": name, "inputs": network.types.inputs, "outputs": network.types.outputs}
    design = RtlDesign.model_validate(described | {"verilog": (), "vhdl": ()} | timing)
    return Built(write(machine, design, folder), machine.estimate, machine.registers, logic)
