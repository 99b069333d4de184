"""Target `hls/`: the HLS project, with the reference vectors as its own test bench reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from data_prep.fixed_point import FixedType
from hls_projects.export.design import Design
from hls_projects.export.reference_vectors import Integers
from hls_projects.export.target import Target
from hls_projects.network.port import Port

FOLDER = "hls"


def write(design: Design, root: Path) -> None:
    """Copy the HLS project and write `tb_data/`, the values that its test benches read and compare.

    Where it ends in a list of jets these are the jets of every vector too, as raw integers, for `<name>_jets_test.cpp`.
    Where it starts from candidates these are the vectors of both: the candidates of `<name>_candidates_test.cpp`, and
    their images for hls4ml's own test bench, which runs the network alone.
    """
    folder = root / FOLDER
    shutil.copytree(design.hls, folder)
    data = folder / "tb_data"
    data.mkdir()
    given, project = design.vectors.inputs, design.project
    files = {"tb_output_predictions.dat": (design.graph.outputs, design.vectors.outputs)}
    if project.builder is None:
        files["tb_input_features.dat"] = (project.inputs, given)
    else:
        builder, (image,) = project.builder.builder, project.inputs
        pt, eta, phi, seed_eta, seed_phi = given
        pixels = builder.result.to_float(builder.build(pt, eta, phi, seed_eta, seed_phi))
        files["tb_candidates.dat"] = (project.top_inputs, given)
        files["tb_input_features.dat"] = (project.inputs, (image.type.quantize(pixels),))
    if project.finder is not None:
        records = project.finder.finder.find(design.vectors.outputs)
        np.savetxt(data / "tb_jets.dat", records.reshape(len(records), -1), fmt="%d")
    for name, (ports, arrays) in files.items():
        (data / name).write_text(_lines(ports, arrays), encoding="ascii")


def _lines(ports: tuple[Port, ...], arrays: tuple[Integers, ...]) -> str:
    """One vector a line: the values of all ports one after the other, in decimals that are exact."""
    flat = [_values(port.type, raw) for port, raw in zip(ports, arrays, strict=True)]
    return "".join(" ".join(map(repr, row)) + "\n" for row in np.concatenate(flat, axis=1).tolist())


def _values(port_type: FixedType, raw: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return port_type.to_float(raw).reshape(len(raw), -1)


TARGET = Target(10, write)
