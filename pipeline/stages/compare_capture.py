"""`compare-capture`: the captured output of a board or a simulation, compared with a pattern file of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.console import done
from pipeline.stage import Stage


def run(
    expected: Annotated[Path, typer.Argument(help="patterns/<format>/output_<i>.txt of an unpacked bundle.")],
    capture: Annotated[
        Path, typer.Argument(help="Captured output of a board or simulation: a pattern file of any format.")
    ],
    late: Annotated[
        int | None,
        typer.Option(help="Frames by which the capture is late; without it, found from its first valid word."),
    ] = None,
) -> None:
    """Compare the output of a board with that of a bundle.

    Every valid word within the frames of the capture is compared; the first difference is reported with its vector.
    """
    from hls_projects.export.captures import require_equal

    comparison = require_equal(expected, capture, late)
    beyond = f"; {comparison.beyond:,} more are after its last frame and were not captured" if comparison.beyond else ""
    late_by = f"{comparison.late} frame{'' if comparison.late == 1 else 's'} late"
    done("compare-capture", f"{capture}: {comparison.words:,} words equal, {late_by}{beyond}")


STAGE = Stage(
    run,
    place=72,
    example=r"""
python -m pipeline compare-capture \
  demo/patterns/emp/output_0.txt capture.txt
""",
    inputs=("export",),
)
