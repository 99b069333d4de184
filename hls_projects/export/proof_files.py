"""Target `proof/` and `types.json`: what was proven, and the types it was proven for."""

from __future__ import annotations

import shutil
from pathlib import Path

from hls_projects.export.design import Design

FOLDER = "proof"


def write(design: Design, root: Path) -> None:
    """Copy the proof and the table of types."""
    (root / FOLDER).mkdir()
    shutil.copyfile(design.proof_file, root / FOLDER / "60_csim.json")
    shutil.copyfile(design.lowered / "types.json", root / "types.json")
