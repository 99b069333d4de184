"""Target `README.md`: what is in the bundle, its ports, and the commands that check it."""

from __future__ import annotations

from pathlib import Path

from hls_projects.export.design import Design, packing
from hls_projects.export.patterns import FOLDER, RECORD, PatternRecord
from hls_projects.export.render import rendered


def write(design: Design, root: Path) -> None:
    """Write the README of the bundle."""
    ports = [("input", i, port) for i, port in enumerate(design.types.inputs)]
    ports += [("output", i, port) for i, port in enumerate(design.types.outputs)]
    values = {
        "project": design.project,
        "proof": design.proof,
        "rtl": None if design.rtl is None else design.rtl.design,
        "vectors": design.vectors,
        "patterns": PatternRecord.load(root / FOLDER) if (root / FOLDER / RECORD).exists() else None,
        "ports": [
            (kind, f"vectors/{kind}_{i}.txt", port, packing(design.project, port, is_input=kind == "input"))
            for kind, i, port in ports
        ],
    }
    (root / "README.md").write_text(rendered("README.md.j2", values), encoding="utf-8")
