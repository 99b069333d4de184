"""The cells of several designs, counted by yosys on all cores."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data_prep.errors import ToolNotFoundError
from data_prep.system.processors import cores
from data_prep.system.programs import Children
from hls_projects.progress import Progress
from hls_projects.rtl.synthesis.synthesis import FLATTENED_LARGEST, Synthesis, TooSlowError, synthesise
from hls_projects.rtl.synthesis.yosys import yosys_version


def count_cells_of(
    folders: Sequence[Path], estimates: Sequence[float], seconds: int, progress: Progress, warn: Callable[[str], None]
) -> tuple[list[Synthesis | None], str]:
    """Synthesise designs, where yosys is installed and ends in time.

    Args:
        folders: of the designs; a scratch folder is made beside each.
        estimates: of their LUTs; the logic of small designs is shared across modules.
        seconds: of processor time that each may take; 0 counts none.
        progress: shows how many are done.
        warn: is told that yosys is missing.

    Returns:
        the counts, None where a design was not counted, and the reason for that.
    """
    if not seconds:
        return [None] * len(folders), "hardware.yaml asks for none"
    try:
        yosys_version()
    except ToolNotFoundError as error:
        warn(f"sizes are estimated: {error}")
        return [None] * len(folders), error.problem
    counted: list[Synthesis | None] = []
    reason = ""
    with (
        progress("synthesising", len(folders), "variants") as advance,
        ThreadPoolExecutor(cores()) as pool,
        Children() as children,
    ):
        scratch = [_fresh(folder.with_name(f"{folder.name}_synthesis")) for folder in folders]
        waiting = [
            pool.submit(
                synthesise, folder, place, flatten=size <= FLATTENED_LARGEST, cpu_seconds=seconds, children=children
            )
            for folder, place, size in zip(folders, scratch, estimates, strict=True)
        ]
        for future in waiting:
            try:
                counted.append(future.result())
            except TooSlowError as error:
                counted.append(None)
                reason = error.problem
            advance(1)
    return counted, reason


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
