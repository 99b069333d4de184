"""Target `proof/`, `types.json`, `weights.npz` and `meaning.json`: what was proven, and of which integer network."""

from __future__ import annotations

import shutil
from pathlib import Path

from hls_projects.export.design import Design
from hls_projects.network import Network
from models.meaning import MEANING

FOLDER = "proof"


def write(design: Design, root: Path) -> None:
    """Copy the proofs, the table of types, the weights as integers, and what inputs and outputs mean."""
    (root / FOLDER).mkdir()
    shutil.copyfile(design.proof_file, root / FOLDER / "60_csim.json")
    if design.rtl is not None:
        shutil.copyfile(design.rtl.proof_file, root / FOLDER / "65_rtl.json")
    if design.project.builder is not None:
        lowered = Network.load(design.lowered)
        Network(design.types, lowered.weights, lowered.meaning).save(root)
        return
    for name in ("types.json", "weights.npz", MEANING):
        if name != MEANING or (design.lowered / name).exists():
            shutil.copyfile(design.lowered / name, root / name)
