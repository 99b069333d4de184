"""The whole page: a head with the result of the proof, then every section."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from markupsafe import Markup

from data_prep.errors import PipelineError
from data_prep.registry import Registry
from hls_projects.before_ports import BeforePorts
from pipeline.report.before_ports import before_ports
from pipeline.report.run_folder import NotMadeError, RunFolder
from pipeline.report.section import TEMPLATES, Section, Tile, count, render
from pipeline.report.verdict import Verdict, judge

SECTIONS = tuple(
    sorted(Registry("pipeline.report.sections", "SECTION", Section).values(), key=lambda section: section.place)
)
"""The sections in the order of the page."""


def page(run: RunFolder) -> str:
    """The report of a run as one HTML page; the same artefacts give the same bytes."""
    verdict = judge(run)
    shown = [section for section in SECTIONS if section.shown(run)]
    bodies = [(section, _body(section, run)) for section in shown]
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - a file of this package
    head = {"run": run, "verdict": verdict, "tiles": _tiles(run, verdict, shown), "subject": _subject(run)}
    head["before"] = _before(run)
    return render("page", style=style, sections=bodies, **head) + "\n"


def _body(section: Section, run: RunFolder) -> Markup:
    try:
        return render(section.name, **section.values(run))
    except PipelineError as error:
        return render("not_made", reason=error.problem, remedy=error.remedy)


def _before(run: RunFolder) -> BeforePorts | None:
    """The processing before the ports of the design, if there is one and it is known."""
    try:
        return before_ports(run) if "50_hls" in run.manifests else None
    except NotMadeError:
        return None


def _subject(run: RunFolder) -> str:
    """The title of the page: that of the last section with one."""
    subjects = [section.subject for section in SECTIONS if section.subject and not run.tasks.isdisjoint(section.tasks)]
    return subjects[-1] if subjects else "Jet tagger"


def _tiles(run: RunFolder, verdict: Verdict, sections: Iterable[Section]) -> list[Tile]:
    """The numbers in the head of the page."""
    tiles: list[Tile] = []
    proof = verdict.proof
    if proof is not None and proof.layers:
        tiles.append((count(proof.mismatches), f"differing integers of {count(verdict.compared)} compared"))
    for section in sections:
        with suppress(NotMadeError):
            tiles += section.tiles(run)
    return tiles
