"""`report`: all artefacts of a run → one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data_prep.errors import InputFileError
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.lineage import made_from_others
from pipeline.console import done
from pipeline.options import result
from pipeline.stage import Stage


def run(
    run_folder: Annotated[Path, typer.Argument(help="Folder of a run, build/<run>.")],
    out: Annotated[Path, result("a folder with index.html, build/<run>/80_report")],
) -> None:
    """Write one HTML page about a run.

    Physics, performance, hardware and proofs in one file that needs no other; it says what is missing.
    """
    from pipeline.report.run_folder import RunFolder

    # The page depends on the manifests, and on what they do not tell: damage, and inputs that were made again.
    known = RunFolder(run_folder, remember=True)
    if not known.inputs:
        raise InputFileError(
            "is not the folder of a run: nothing made by `make` is in it", file=run_folder, remedy="give build/<run>"
        )
    changed = made_from_others(run_folder, known.manifests)
    options = {"run": known.name, "damaged": known.damaged, "changed": changed}
    with artefact(out, "report", inputs={"files": known.inputs}, options=options) as space:
        from pipeline.report.page import page
        from pipeline.report.verdict import judge

        folder = RunFolder(run_folder)
        (space.path / "index.html").write_text(page(folder), encoding="utf-8")
    verdict = judge(folder)
    done("report", f"{out}/index.html: {verdict.status}, {verdict.line}")


STAGE = Stage(
    run,
    place=80,
    example="python -m pipeline report build/demo --out build/demo/80_report",
    artefact="80_report",
    in_every_run=True,
)
