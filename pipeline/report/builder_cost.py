"""The resources of a design that starts from candidates: image builder, network, both, and other builder forms."""

from __future__ import annotations

from dataclasses import dataclass

from hls_projects.rtl.record import BuilderRecord, RtlProof
from hls_projects.rtl.synthesis.synthesis import Synthesis


@dataclass(frozen=True)
class PartCost:
    """The resources of a part of the proven design, or of a form of the builder that was not built.

    Attributes:
        name: in the table.
        candidates: candidates a clock; None if the inputs are no candidates.
        interval: clocks from one jet to the next.
        latency: clocks.
        cells: LUT, FF and CARRY4 after synthesis; None if they were not counted.
        estimate: LUTs by the compiler's cost model.
        registers: register bits in the RTL.
        whole: whether it is the whole design.
    """

    name: str
    candidates: int | None
    interval: int
    latency: int
    cells: tuple[int, ...] | None
    estimate: int
    registers: int
    whole: bool = False


def parts(record: RtlProof) -> list[PartCost]:
    """The builder as it was built, the network, and both together; empty if the design starts from images.

    The resources of the network are the difference between both together and the builder alone.
    """
    builder, variant = record.builder, record.variants[record.kept] if record.variants else None
    if builder is None or variant is None or record.interval is None:
        return []
    builder_part = _part(builder, f"image builder, {builder.form}")
    whole = PartCost(
        name="candidates → scores",
        candidates=builder.per_clock,
        interval=record.interval,
        latency=variant.latency,
        cells=_cells(variant.synthesis),
        estimate=variant.estimate,
        registers=variant.registers,
        whole=True,
    )
    beyond = None
    if whole.cells and builder_part.cells:
        beyond = tuple(total - part for total, part in zip(whole.cells, builder_part.cells, strict=True))
    network = PartCost(
        name=f"network, {record.form}",
        candidates=None,
        interval=record.interval,
        latency=whole.latency - builder_part.latency,
        cells=beyond,
        estimate=whole.estimate - builder_part.estimate,
        registers=whole.registers - builder_part.registers,
    )
    return [builder_part, network, whole]


def other_builders(record: RtlProof) -> list[PartCost]:
    """The forms of the builder that were traced but not built."""
    return [_part(form, f"image builder, {form.form}, not built") for form in record.builder_forms]


def _part(record: BuilderRecord, name: str) -> PartCost:
    return PartCost(
        name=name,
        candidates=record.per_clock,
        interval=record.interval,
        latency=record.latency,
        cells=_cells(record.synthesis),
        estimate=record.estimate,
        registers=record.registers,
    )


def _cells(synthesis: Synthesis | None) -> tuple[int, ...] | None:
    return None if synthesis is None else (synthesis.lut, synthesis.ff, synthesis.carry)
