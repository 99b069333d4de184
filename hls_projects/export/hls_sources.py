"""Target `hls/`: the HLS project, with the reference vectors as its own test bench reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from data_prep.fixed_point import FixedType
from hls_projects.export.design import Design
from hls_projects.export.reference_vectors import Integers
from hls_projects.model_types import PortType

FOLDER = "hls"


def write(design: Design, root: Path) -> None:
    """Copy the HLS project and write `tb_data/`, the values that hls4ml's test bench reads and compares."""
    folder = root / FOLDER
    shutil.copytree(design.hls, folder)
    data = folder / "tb_data"
    data.mkdir()
    for name, ports, arrays in (
        ("tb_input_features.dat", design.types.inputs, design.vectors.inputs),
        ("tb_output_predictions.dat", design.types.outputs, design.vectors.outputs),
    ):
        (data / name).write_text(_lines(ports, arrays), encoding="ascii")


def _lines(ports: tuple[PortType, ...], arrays: tuple[Integers, ...]) -> str:
    """One vector a line: the values of all ports one after the other, in decimals that are exact."""
    flat = [_values(port.type, raw) for port, raw in zip(ports, arrays, strict=True)]
    return "".join(" ".join(map(repr, row)) + "\n" for row in np.concatenate(flat, axis=1).tolist())


def _values(kind: FixedType, raw: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return kind.to_float(raw).reshape(len(raw), -1)
