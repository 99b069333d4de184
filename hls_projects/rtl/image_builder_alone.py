"""The image builder alone as a design on disk: its share of the size of a design that starts from candidates."""

from __future__ import annotations

from pathlib import Path

from hls_projects.blocks.compose import builder_alone
from hls_projects.blocks.image_builder import SEEDS, ImageBuilder
from hls_projects.network.port import Port
from hls_projects.rtl.clocked.machine import Machine, Pipelining
from hls_projects.rtl.clocked.write import write
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.assemble import WrittenDesign, write_design
from hls_projects.rtl.forms.serial_builder import check_serial, serial_image
from hls_projects.rtl.forms.streamed import of_candidates
from hls_projects.rtl.forms.unrolled import unrolled
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.record import BuilderRecord
from hls_projects.settings import BuilderSettings, RtlSettings, VariantSettings


def write_image_builder(
    builder: ImageBuilder,
    port: Port,
    name: str,
    settings: RtlSettings,
    variant: VariantSettings,
    form: BuilderSettings,
    folder: Path,
) -> BuilderRecord:
    """Write the image builder in the form that it has in front of the network, and estimate its size.

    In front of a streamed network it gives rows and not an image. Its output is then the first rows: such a design can
    be synthesised but not simulated.

    Args:
        builder: the image builder.
        port: the input of the network.
        name: top module.
        settings: of the whole design.
        variant: of the whole design.
        form: of the builder.
        folder: is created; gets the design.

    Raises:
        UnsupportedModelError: the number of candidates a clock does not divide their number.
    """
    if form.form == "serial" and settings.form == "streamed":
        written = _by_rows(builder, port, name, settings, variant, form, folder)
    else:
        alone = settings.model_copy(update={"form": "unrolled"})
        written = write_design(builder_alone(builder, port), name, alone, variant, folder, form)
    number = builder.candidates.number
    return BuilderRecord(
        form=form.form,
        candidates=number,
        per_clock=form.candidates_per_clock if form.form == "serial" else number,
        interval=written.design.interval,
        latency=written.design.latency,
        estimate=round(written.estimate),
        registers=written.registers,
    )


def other_forms(
    builder: ImageBuilder, port: Port, settings: RtlSettings, variant: VariantSettings
) -> list[BuilderRecord]:
    """The size and latency of all forms of the image builder that give whole images, traced and not written."""
    network = builder_alone(builder, port)
    number = builder.candidates.number
    cut = Pipelining(settings.delay, ternary=variant.ternary)
    records = []
    for per_clock in (n for n in range(1, number) if number % n == 0):
        serial = of_candidates(network, "builder", per_clock, None, cut, variant.saturation)
        records.append(_record("serial", number, per_clock, serial.interval, serial.latency, serial.machine))
    machine, latency = unrolled(trace(network, variant.saturation), "builder", cut)
    return [*records, _record("parallel", number, number, 1, latency, machine)]


def _record(form: str, number: int, per_clock: int, interval: int, latency: int, machine: Machine) -> BuilderRecord:
    numbers = {"candidates": number, "per_clock": per_clock, "interval": interval, "latency": latency}
    size = {"estimate": round(machine.estimate), "registers": machine.registers}
    return BuilderRecord.model_validate({"form": form} | numbers | size)


def _by_rows(
    builder: ImageBuilder,
    port: Port,
    name: str,
    settings: RtlSettings,
    variant: VariantSettings,
    form: BuilderSettings,
    folder: Path,
) -> WrittenDesign:
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
    return WrittenDesign(write(machine, design, folder), machine.estimate, machine.registers)
