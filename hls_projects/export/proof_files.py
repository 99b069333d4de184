"""Target `proof/`, `types.json` and `weights.npz`: what was proven, and the integer network it was proven for."""

from __future__ import annotations

import shutil
from pathlib import Path

from hls_projects.export.design import Design
from hls_projects.network import Network

FOLDER = "proof"


def write(design: Design, root: Path) -> None:
    """Copy the proofs, the table of types and the weights as integers."""
    (root / FOLDER).mkdir()
    shutil.copyfile(design.proof_file, root / FOLDER / "60_csim.json")
    if design.rtl is not None:
        shutil.copyfile(design.rtl.proof_file, root / FOLDER / "65_rtl.json")
    if design.project.builder is not None:
        Network(design.types, Network.load(design.lowered).weights).save(root)
        return
    for name in ("types.json", "weights.npz"):
        shutil.copyfile(design.lowered / name, root / name)
