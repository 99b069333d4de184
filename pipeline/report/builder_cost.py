"""What a design from candidates on takes: its image builder, its network, both, and the builder's other forms."""

from __future__ import annotations

from dataclasses import dataclass

from hls_projects.rtl.record import BuilderRecord, RtlProof
from hls_projects.rtl.synthesis.synthesis import Synthesis


@dataclass(frozen=True)
class PartCost:
    """One line: a part of the design that was proven, or a form of the builder that was not built.

    Attributes:
        name: what it is.
        candidates: candidates a clock; None where no candidates come in.
        interval: clocks from one jet to the next.
        latency: clocks.
        cells: LUT, FF and CARRY4, synthesised; None where they were not counted.
        estimate: LUTs by the compiler's cost model.
        registers: bits in registers as written.
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
    """The builder as it was built, the network, both together; empty where images come in.

    The network is what both together take beyond the builder alone.
    """
    builder, kept = record.builder, record.variants[record.kept] if record.variants else None
    if builder is None or kept is None or record.interval is None:
        return []
    first = _line(builder, f"image builder, {builder.form}")
    whole = PartCost(
        name="candidates → scores",
        candidates=builder.per_clock,
        interval=record.interval,
        latency=kept.latency,
        cells=_cells(kept.synthesis),
        estimate=kept.estimate,
        registers=kept.registers,
        whole=True,
    )
    beyond = None
    if whole.cells and first.cells:
        beyond = tuple(both - one for both, one in zip(whole.cells, first.cells, strict=True))
    network = PartCost(
        name=f"network, {record.form}",
        candidates=None,
        interval=record.interval,
        latency=whole.latency - first.latency,
        cells=beyond,
        estimate=whole.estimate - first.estimate,
        registers=whole.registers - first.registers,
    )
    return [first, network, whole]


def other_builders(record: RtlProof) -> list[PartCost]:
    """The forms of the builder that were traced and not built, the whole image at their end."""
    return [_line(each, f"image builder, {each.form}, not built") for each in record.builder_forms]


def _line(record: BuilderRecord, name: str) -> PartCost:
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
