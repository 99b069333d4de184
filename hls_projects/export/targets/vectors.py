"""Target `vectors/`: the reference vectors as text, one vector a line, raw integers in the order of the packing."""

from __future__ import annotations

from pathlib import Path

from hls_projects.export.design import Design
from hls_projects.export.reference_vectors import Integers
from hls_projects.export.target import Target

FOLDER = "vectors"


def write(design: Design, root: Path) -> None:
    """Write `vectors/input_<i>.txt` and `vectors/output_<i>.txt`."""
    folder = root / FOLDER
    folder.mkdir()
    for direction, ports in (("input", design.vectors.inputs), ("output", design.vectors.outputs)):
        for i, values in enumerate(ports):
            (folder / file_name(direction, i)).write_text(_lines(values), encoding="ascii")


def file_name(direction: str, index: int) -> str:
    """The file of one port; `direction` is `input` or `output`."""
    return f"{direction}_{index}.txt"


def _lines(values: Integers) -> str:
    return "".join(" ".join(map(str, row)) + "\n" for row in values.reshape(len(values), -1).tolist())


TARGET = Target(30, write)
