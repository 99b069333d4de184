"""The image builder alone as a design on disk, to count what it takes of a design from candidates on."""

from __future__ import annotations

from pathlib import Path

from hls_projects.blocks.compose import builder_alone
from hls_projects.blocks.image_builder import SEEDS, ImageBuilder
from hls_projects.network.port import Port
from hls_projects.rtl.clocked.machine import Machine, Pipelining
from hls_projects.rtl.clocked.write import write
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.assemble import Built, build
from hls_projects.rtl.forms.serial_builder import check_serial, serial_image
from hls_projects.rtl.forms.streamed import of_candidates
from hls_projects.rtl.forms.unrolled import unrolled
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.record import BuilderRecord
from hls_projects.settings import BuilderSettings, RtlSettings, VariantSettings


def build_builder(
    builder: ImageBuilder,
    port: Port,
    name: str,
    settings: RtlSettings,
    variant: VariantSettings,
    form: BuilderSettings,
    folder: Path,
) -> BuilderRecord:
    """Write the builder as it stands in front of the network, and say what it takes by estimate.

    In front of a streamed network it gives rows and not an image: then its result is the first rows, and what was
    written can be synthesised, not simulated.

    Args:
        builder: what is built.
        port: the input of the network.
        name: top module.
        settings: of the whole design.
        variant: of the whole design.
        form: of the builder.
        folder: made; gets the design.

    Raises:
        UnsupportedModelError: candidates that cannot come so many a clock.
    """
    if form.form == "serial" and settings.form == "streamed":
        made = _by_rows(builder, port, name, settings, variant, form, folder)
    else:
        alone = settings.model_copy(update={"form": "unrolled"})
        made = build(builder_alone(builder, port), name, alone, variant, folder, form)
    number = builder.candidates.number
    return BuilderRecord(
        form=form.form,
        candidates=number,
        per_clock=form.candidates_per_clock if form.form == "serial" else number,
        interval=made.design.interval,
        latency=made.design.latency,
        estimate=round(made.estimate),
        registers=made.registers,
    )


def other_forms(
    builder: ImageBuilder, port: Port, settings: RtlSettings, variant: VariantSettings
) -> list[BuilderRecord]:
    """All forms of the builder, with the whole image at their end, traced and not written."""
    network = builder_alone(builder, port)
    number = builder.candidates.number
    cut = Pipelining(settings.delay, ternary=variant.ternary)
    found = []
    for each in (n for n in range(1, number) if number % n == 0):
        made = of_candidates(network, "builder", each, None, cut, variant.saturation)
        found.append(_record("serial", number, each, made.interval, made.latency, made.machine))
    machine, latency = unrolled(trace(network, variant.saturation), "builder", cut)
    return [*found, _record("parallel", number, number, 1, latency, machine)]


def _record(form: str, number: int, per_clock: int, interval: int, latency: int, machine: Machine) -> BuilderRecord:
    numbers = {"candidates": number, "per_clock": per_clock, "interval": interval, "latency": latency}
    taken = {"estimate": round(machine.estimate), "registers": machine.registers}
    return BuilderRecord.model_validate({"form": form} | numbers | taken)


def _by_rows(
    builder: ImageBuilder,
    port: Port,
    name: str,
    settings: RtlSettings,
    variant: VariantSettings,
    form: BuilderSettings,
    folder: Path,
) -> Built:
    machine = Machine(name, Pipelining(settings.delay, ternary=variant.ternary))
    beats = check_serial(builder, form.candidates_per_clock)
    flow = serial_image(machine, builder, port.type, variant.saturation, form.candidates_per_clock, settings.rows)
    rows = machine.block("rows", flow.segment.sources, flow.segment.flat, flow.values, flow.segment.time)
    latency = machine.output([rows])
    result = port.model_copy(update={"shape": (settings.rows, *port.shape[1:])})
    design = RtlDesign(
        name=name,
        form="streamed",
        builder="serial",
        inputs=builder.ports,
        outputs=(result,),
        beats=beats,
        every_beat=SEEDS,
        interval=max(beats, flow.beats),
        latency=latency,
        verilog=(),
        vhdl=(),
    )
    folder.mkdir(parents=True)
    return Built(write(machine, design, folder), machine.estimate, machine.registers)
