"""The whole page: a head that says what was proven, then every section."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from data_prep.digits import with_error
from data_prep.errors import PipelineError
from hls_projects.before_ports import BeforePorts
from pipeline.report.before_ports import before_ports
from pipeline.report.results import EMULATED, QUANTIZED, SEPARABLE, STANDARD, load_results
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import TEMPLATES, Section, count, fraction, render
from pipeline.report.sections import (
    arithmetic,
    bundle,
    candidates,
    cutflow,
    detection,
    displays,
    events,
    gallery,
    hardware,
    images,
    mass_closure,
    panoptic,
    performance,
    provenance,
    rates,
    regression,
    rtl,
    search,
    segmentation,
    symmetries,
    synthesis,
    task,
    training,
)
from pipeline.report.verdict import Verdict, judge

SECTIONS: tuple[Section, ...] = (
    task.SECTION,
    cutflow.SECTION,
    images.SECTION,
    mass_closure.SECTION,
    events.SECTION,
    candidates.SECTION,
    symmetries.SECTION,
    search.SECTION,
    training.SECTION,
    displays.SECTION,
    gallery.SECTION,
    performance.SECTION,
    rates.SECTION,
    regression.SECTION,
    segmentation.SECTION,
    detection.SECTION,
    panoptic.SECTION,
    hardware.SECTION,
    rtl.SECTION,
    synthesis.SECTION,
    arithmetic.SECTION,
    bundle.SECTION,
    provenance.SECTION,
)
"""The sections in the order of the page."""


SUBJECTS = {
    "panoptic": "Panoptic segmentation of events",
    "detection": "Jet finder",
    "segmentation": "Segmentation of events",
    "regression": "Jet regression",
}
"""What a run is about, by what its networks are trained for, the whole before its parts."""


def page(run: RunFolder) -> str:
    """The report of a run as one HTML page; the same artefacts give the same bytes."""
    verdict = judge(run)
    shown = [each for each in SECTIONS if each.shown(run)]
    bodies = [(section, _body(section, run)) for section in shown]
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - a file of this package
    head = {"run": run, "verdict": verdict, "tiles": _tiles(run, verdict), "subject": _subject(run)}
    head["before"] = _before(run)
    return render("page", style=style, sections=bodies, **head) + "\n"


def _body(section: Section, run: RunFolder) -> Markup:
    try:
        return render(section.name, **section.values(run))
    except PipelineError as error:
        return render("not_made", what=error.what, remedy=error.remedy)


def _before(run: RunFolder) -> BeforePorts | None:
    """What stands before the ports of the design, where there is one and it is known."""
    try:
        return before_ports(run) if "50_hls" in run.manifests else None
    except NotMadeError:
        return None


def _subject(run: RunFolder) -> str:
    """What the page is about."""
    return next((subject for task, subject in SUBJECTS.items() if task in run.tasks), "Jet tagger")


def _tiles(run: RunFolder, verdict: Verdict) -> list[tuple[str, str]]:
    """The few numbers to see first: figure and what it is."""
    tiles: list[tuple[str, str]] = []
    proof = verdict.proof
    if proof is not None and proof.layers:
        tiles.append((count(proof.mismatches), f"differing integers of {count(verdict.compared)} compared"))
    try:
        results = load_results(run)
        shown = EMULATED if results.find(EMULATED) else QUANTIZED
        what = "emulated design" if shown == EMULATED else "quantized network"
        jets = f"{count(results.label.size)} test jets"
        value = with_error(results.macro_auc(shown), results.errors(shown).macro_auc)
        tiles.append((value, f"macro-AUC of the {what} on {jets}"))
    except NotMadeError:
        pass
    tiles += _task_tiles(run)
    try:
        found = rtl.values(run)
        record, kept = found["record"], found["kept"]
        if found["proven"] and kept is not None:
            what = f"latency of the simulated RTL, an image every {record.interval} clock{'s'[: record.interval != 1]}"
            of = f" ({found['before'].short})" if found["before"] else ""
            tiles.append((f"{record.latency} clocks", what + of))
            if kept.synthesis:
                cells = f"and {count(kept.synthesis.ff)} FF, by yosys"
                tiles.append((f"{count(kept.synthesis.lut)} LUT", cells + of))
    except NotMadeError:
        pass
    try:
        totals: dict[str, Any] = {name: found["total"] for name, found in arithmetic.load(run).items()}
        if STANDARD in totals and SEPARABLE in totals:
            ratio = totals[STANDARD]["multiplications"] / max(totals[SEPARABLE]["multiplications"], 1)
            tiles.append((f"{ratio:.1f} ×", "fewer multiplications than with standard convolutions"))
    except NotMadeError:
        pass
    return tiles


def _task_tiles(run: RunFolder) -> list[tuple[str, str]]:
    """What the quantized network of a task other than tagging reaches."""
    try:
        metrics = run.json("30_model", "metrics.json")
        with reading("30_model/metrics.json"):
            tiles = []
            pt = metrics.get("closure", {}).get(QUANTIZED, {}).get("pt", {}).get("whole")
            if pt:
                what = f"resolution of the jet pT of the quantized network on {count(pt['jets'])} test jets"
                tiles.append((fraction(pt["resolution"]), what))
            if "segmentation" in metrics:
                what = f"mean IoU of the quantized network on {count(metrics['events'])} test events"
                tiles.append((fraction(metrics["segmentation"][QUANTIZED]["mean_iou"], 3), what))
            if "detection" in metrics:
                found = metrics["detection"][QUANTIZED]
                jets = f"of {count(found['true'])} truth jets found by the quantized network"
                what = f"{jets}, with a fake fraction of {fraction(found['fakes'], 3)}"
                tiles.append((fraction(found["efficiency"], 3), what))
            if "panoptic" in metrics:
                what = "panoptic quality of the quantized network, mean over classes"
                tiles.append((fraction(metrics["panoptic"][QUANTIZED]["mean"], 3), what))
            return tiles
    except NotMadeError:
        return []
