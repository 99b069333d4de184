"""Target `README.md`: what is in the bundle, its ports, and the commands that check it."""

from __future__ import annotations

from pathlib import Path

import jinja2

from hls_projects.export.design import Design, packing
from hls_projects.export.patterns import FOLDER, RECORD, PatternRecord

_TEMPLATES = Path(__file__).parent / "templates"


def write(design: Design, root: Path) -> None:
    """Write the README of the bundle."""
    environment = jinja2.Environment(  # noqa: S701 - Markdown, not HTML
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ports = [("input", i, port) for i, port in enumerate(design.types.inputs)]
    ports += [("output", i, port) for i, port in enumerate(design.types.outputs)]
    text = environment.get_template("README.md.j2").render(
        project=design.project,
        proof=design.proof,
        vectors=design.vectors,
        patterns=PatternRecord.load(root / FOLDER) if (root / FOLDER / RECORD).exists() else None,
        ports=[
            (kind, f"vectors/{kind}_{i}.txt", port, packing(design.project, port, is_input=kind == "input"))
            for kind, i, port in ports
        ],
    )
    (root / "README.md").write_text(text, encoding="utf-8")
