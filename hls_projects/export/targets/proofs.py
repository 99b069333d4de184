"""Target `proof/`, `types.json`, `weights.npz` and `meaning.json`: the proofs, and the integer network they are of."""

from __future__ import annotations

import shutil
from pathlib import Path

from hls_projects.export.design import Design
from hls_projects.export.target import Target
from hls_projects.network.network import Network
from models.files.meaning import MEANING

FOLDER = "proof"
CSIM = "60_csim.json"
"""The proof of the HLS project."""
RTL = "65_rtl.json"
"""The proof of the RTL."""


def write(design: Design, root: Path) -> None:
    """Copy the proofs, the graph with its types, the weights as integers, and the description of inputs and outputs."""
    (root / FOLDER).mkdir()
    shutil.copyfile(design.proof_file, root / FOLDER / CSIM)
    if design.rtl is not None:
        shutil.copyfile(design.rtl.proof_file, root / FOLDER / RTL)
    if design.project.builder is not None:
        lowered = Network.load(design.lowered)
        Network(design.graph, lowered.weights, lowered.meaning).save(root)
        return
    for name in ("types.json", "weights.npz", MEANING):
        if name != MEANING or (design.lowered / name).exists():
            shutil.copyfile(design.lowered / name, root / name)


TARGET = Target(50, write)
