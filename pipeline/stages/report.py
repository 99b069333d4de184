"""`report`: all artefacts of a run → one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.artefact import artefact
from pipeline.console import done


def run(
    run_folder: Annotated[Path, typer.Argument(help="Folder of a run, build/<run>.")],
    out: Annotated[Path, typer.Option(help="Folder to make; the page is index.html in it.")],
) -> None:
    """Write one self-contained page on a run: physics, performance, hardware, proof; what is missing is said."""
    from pipeline.report.page import page
    from pipeline.report.run_folder import RunFolder
    from pipeline.report.verdict import judge

    folder = RunFolder(run_folder)
    with artefact(out, "report", inputs=folder.inputs) as space:
        (space.path / "index.html").write_text(page(folder), encoding="utf-8")
    verdict = judge(folder)
    done("report", f"{out}/index.html: {verdict.status}, {verdict.line}")
