"""Target `rtl/`: Verilog and VHDL as they were simulated, with `rtl.json`."""

from __future__ import annotations

import shutil
from pathlib import Path

from hls_projects.export.design import Design

FOLDER = "rtl"


def write(design: Design, root: Path) -> None:
    """Copy the RTL where there is one."""
    if design.rtl is not None:
        shutil.copytree(design.rtl.folder, root / FOLDER)
