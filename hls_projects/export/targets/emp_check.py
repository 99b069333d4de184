"""The payload of a bundle, simulated by GHDL on the pattern files of the bundle."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from data_prep.errors import PipelineError, ProofFailedError, ToolNotFoundError
from data_prep.system.programs import Children
from hls_projects.export.targets.patterns import FOLDER as PATTERNS


def simulate(payload: Path, patterns: Path, frames: int = 0) -> int:
    """Play the first pattern file to a copy of the payload, and compare its output.

    Args:
        payload: the folder `emp/`, which is left as it is.
        patterns: folder of `input_0.txt` and `output_0.txt` in EMP version 2.
        frames: how many are played; all if 0.

    Returns:
        Valid words that were compared.

    Raises:
        ToolNotFoundError: when there is no GHDL or make.
        PipelineError: when GHDL refuses the VHDL.
        ProofFailedError: when a frame differs.
    """
    for tool in ("ghdl", "make"):
        if shutil.which(tool) is None:
            raise ToolNotFoundError(
                f"{tool} not found, needed to simulate the EMP payload", remedy=f"`apt install {tool}`"
            )
    with tempfile.TemporaryDirectory() as scratch, Children() as children:
        copy = Path(scratch) / "emp"
        shutil.copytree(payload, copy)
        # make accepts no spaces in paths: it works on a copy, not in the user's folder
        shutil.copytree(patterns, Path(scratch) / PATTERNS)
        command = ["make", "--no-print-directory", "-s", f"PATTERNS=../../{PATTERNS}", f"FRAMES={frames}"]
        analysed = children.run([*command, "work/analysed"], folder=copy / "sim")
        if analysed.code != 0:
            raise PipelineError(f"GHDL refuses the payload: {_told(analysed.output + analysed.errors)}", file=payload)
        played = children.run([*command, "input_0.txt"], folder=copy / "sim")
    messages = played.output + played.errors
    summary = re.search(r"frames equal, (\d+) valid words", messages)
    if played.code != 0 or not summary:
        raise ProofFailedError(f"the payload gives other frames: {_told(messages)}", file=payload)
    return int(summary[1])


def _told(text: str) -> str:
    """The line with the error, without its place in the testbench."""
    lines = [line for line in text.splitlines() if line.strip()]
    worst = next((line for line in lines if "failure" in line or "error" in line), (lines or ["no message"])[0])
    return re.sub(r"^.*\((?:assertion )?(?:failure|error)\): ", "", worst)[:300]
