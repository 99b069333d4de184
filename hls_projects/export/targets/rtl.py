"""Target `rtl/`: Verilog and VHDL as they were simulated, with `rtl.json`."""

from __future__ import annotations

import shutil
from pathlib import Path

from hls_projects.export.design import Design
from hls_projects.export.target import Target

FOLDER = "rtl"


def write(design: Design, root: Path) -> None:
    """Copy the RTL where there is one."""
    if design.rtl is not None:
        shutil.copytree(design.rtl.folder, root / FOLDER)


TARGET = Target(20, write)
