"""Verilog and VHDL: the chain of proofs, timing, cells, and estimates for other forms."""

from __future__ import annotations

from collections import Counter
from typing import Any

from data_prep.errors import PipelineError
from hls_projects.proof.record import LayerProof
from hls_projects.rtl.record import RtlProof
from pipeline.artefacts.lineage import require_made_from
from pipeline.plots.style import svg_text
from pipeline.plots.trade_off import FormCost, trade_off
from pipeline.report import svg
from pipeline.report.before_ports import before_ports
from pipeline.report.builder_cost import other_builders, parts
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section, Tile, count


def values(run: RunFolder) -> dict[str, Any]:
    """The proof and its content, and whether it applies to the present files."""
    path = run.path / "65_rtl.json"
    if not path.exists():
        raise NotMadeError("65_rtl has not been made", remedy="make it with `make rtl`")
    with reading("65_rtl.json"):
        record = RtlProof.model_validate_json(path.read_text(encoding="utf-8"))
    fault = _fault(run, record)
    proven = record.status == "proven" and not fault
    variant = record.variants[record.kept] if record.variants else None
    forms = []
    if variant is not None and record.interval is not None and record.latency is not None:
        forms = [FormCost(record.interval, record.latency, variant.estimate, variant.registers, True)]
        forms += [
            FormCost(alternative.interval, alternative.latency, alternative.estimate, alternative.registers, False)
            for alternative in record.alternatives
            if (alternative.form, alternative.interval) != (record.form, record.interval)
        ]
    label = "Estimated LUTs and register bits of each form against its initiation interval"
    return {
        "record": record,
        "proven": proven,
        "fault": fault,
        "kept": variant,
        "chain": _chain(record.layers),
        "before": before_ports(run, builder_inside=record.builder is not None),
        "parts": parts(record),
        "other_builders": other_builders(record),
        "figure": svg.inline(svg_text(trade_off(forms)), "rtl", label) if len(forms) > 1 else None,
    }


def _fault(run: RunFolder, record: RtlProof) -> str:
    """Why a proof with status `proven` does not apply here; empty if it does."""
    if record.status != "proven":
        return ""
    try:
        require_made_from(run.require("65_rtl"), [run.path / "40_lowered"])
    except NotMadeError as error:
        return error.problem
    except PipelineError as error:
        return f"65_rtl {error.problem}"
    except FileNotFoundError:
        return "its inputs do not exist any more"
    return ""


def _chain(layers: tuple[LayerProof, ...]) -> list[tuple[str, int, int]]:
    """Every form that was compared with the trained model: name, number of integers compared, number that differ."""
    compared: Counter[str] = Counter()
    differ: Counter[str] = Counter()
    for layer in layers:
        form = layer.compared.form or layer.name
        compared[form] += layer.values
        differ[form] += layer.mismatches
    return [(form, number, differ[form]) for form, number in compared.items()]


def tiles(run: RunFolder) -> list[Tile]:
    """Latency and cells of a proven design."""
    content = values(run)
    record, variant = content["record"], content["kept"]
    if not content["proven"] or variant is None:
        return []
    description = f"latency of the simulated RTL, an image every {record.interval} clock{'s'[: record.interval != 1]}"
    scope = f" ({content['before'].short})" if content["before"] else ""
    latency = (f"{record.latency} clocks", description + scope)
    if not variant.synthesis:
        return [latency]
    return [latency, (f"{count(variant.synthesis.lut)} LUT", f"and {count(variant.synthesis.ff)} FF, by yosys{scope}")]


SECTION = Section(190, "RTL", "Verilog and VHDL, simulated clock by clock", values, tiles=tiles)
