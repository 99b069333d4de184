"""`report`: all artefacts of a run → one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data_prep.errors import InputFileError
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.lineage import changed_inputs
from pipeline.console import done
from pipeline.options import result
from pipeline.stage import Stage


def run(
    run_folder: Annotated[Path, typer.Argument(help="Folder of a run, build/<run>.")],
    out: Annotated[Path, result("a folder with index.html, build/<run>/80_report")],
) -> None:
    """Write one HTML page about a run.

    Physics, performance, hardware and proofs in one self-contained file; missing parts are named.
    """
    from pipeline.report.run_folder import RunFolder

    # The page depends on the manifests, and on facts outside them: damage, and inputs that were made again.
    run_state = RunFolder(run_folder, remember=True)
    if not run_state.inputs:
        raise InputFileError(
            "is not the folder of a run: it contains no artefacts", file=run_folder, remedy="give build/<run>"
        )
    changed = changed_inputs(run_folder, run_state.manifests)
    options = {"run": run_state.name, "damaged": run_state.damaged, "changed": changed}
    with artefact(out, "report", inputs={"files": run_state.inputs}, options=options) as space:
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
