"""A bundle gives its own reference outputs in the fast emulator, and only as long as it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import hls_projects
from data_prep.errors import InputFileError
from hls_projects.export.bundle import write_bundle
from hls_projects.export.design import Design
from hls_projects.export.manifest import Provenance


@pytest.fixture(scope="module")
def bundle(design: Design, provenance: Provenance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("70_export")
    write_bundle(design, provenance, out, checks=())
    return out


@pytest.mark.parametrize("name", ["zoo_model", "zoo_model.tar.gz"])
def test_the_reference_vectors(bundle: Path, name: str, design: Design) -> None:
    vectors = bundle / "zoo_model" / "vectors"
    ports = enumerate(design.types.inputs)
    raw = [np.loadtxt(vectors / f"input_{i}.txt", np.int64).reshape(-1, *port.shape) for i, port in ports]
    found = hls_projects.emulate(bundle / name, raw, raw=True)
    for i, given in enumerate(found):
        wanted = np.loadtxt(vectors / f"output_{i}.txt", np.int64).reshape(given.shape)
        np.testing.assert_array_equal(given, wanted)


def test_a_changed_weight_is_refused(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "zoo_model"
    shutil.copytree(bundle / "zoo_model", copy)
    with np.load(copy / "weights.npz") as arrays:
        changed = {name: arrays[name] for name in arrays.files}
    name = next(iter(changed))
    changed[name] = np.zeros_like(changed[name])
    np.savez_compressed(copy / "weights.npz", **changed)
    with pytest.raises(InputFileError, match="weights.npz changed"):
        hls_projects.emulate(copy, [])
