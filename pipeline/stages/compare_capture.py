"""`compare-capture`: what a board or a simulation gave, held against a pattern file of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.console import done
from pipeline.stage import Stage


def run(
    expected: Annotated[Path, typer.Argument(help="patterns/<format>/output_<i>.txt of an unpacked bundle.")],
    capture: Annotated[Path, typer.Argument(help="What board or simulation gave: a pattern file of any format.")],
    late: Annotated[
        int | None,
        typer.Option(help="Frames by which the capture is late; without it, found from its first valid word."),
    ] = None,
) -> None:
    """Compare what a board gave with what a bundle expects.

    Every valid word that the capture has a frame for is compared; the first that differs is named with its vector.
    """
    from hls_projects.export.captures import require_equal

    found = require_equal(expected, capture, late)
    beyond = f"; {found.beyond:,} more lie beyond its frames and were not captured" if found.beyond else ""
    late_by = f"{found.late} frame{'' if found.late == 1 else 's'} late"
    done("compare-capture", f"{capture}: {found.words:,} words equal, {late_by}{beyond}")


STAGE = Stage(
    run,
    place=72,
    example=r"""
python -m pipeline compare-capture \
  demo/patterns/emp/output_0.txt capture.txt
""",
    inputs=("export",),
)
