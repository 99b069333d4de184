"""A bundle gives its own reference outputs, and only as long as it is whole; nothing else is needed to see that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hls_projects
from data_prep.errors import InputFileError, ProofFailedError
from hls_projects.export.bundle import write_bundle
from hls_projects.export.design import Design
from hls_projects.export.manifest import BundleManifest, Provenance, hash_files
from hls_projects.export.replay import replay
from hls_projects.export.verify import opened
from pipeline.app import main

ROOT = Path(__file__).parents[3]
BLOCKED = (
    "tensorflow keras tf_keras qkeras hls4ml alkaid sklearn uproot awkward fastjet pythia8mc matplotlib h5py scipy "
    "dask distributed fsspec"
)
"""What a machine that only verifies a bundle need not have."""


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


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    """An unpacked bundle to change."""
    return Path(shutil.copytree(bundle / "zoo_model", tmp_path / "zoo_model"))


def _forged(root: Path) -> None:
    """Give a changed bundle the hashes of what it now holds, as one who knows what he does would."""
    BundleManifest.load(root).model_copy(update={"files": hash_files(root)}).save(root)


def test_both_emulators_give_every_output(bundle: Path) -> None:
    with opened(bundle / "zoo_model.tar.gz") as (root, manifest):
        found = replay(root, manifest)
    assert found.programs == ("fast emulator", "integer reference")
    # 103 vectors, three logits and a mass, two emulators
    assert (found.vectors, found.integers, found.left_out) == (103, 103 * 4 * 2, "")


def test_a_machine_with_little_verifies_a_bundle(bundle: Path) -> None:
    code = (
        f"import sys; sys.modules |= dict.fromkeys({BLOCKED.split()}); from pipeline.app import main; "
        f"sys.exit(main(['verify', {str(bundle / 'zoo_model.tar.gz')!r}]))"
    )
    # Without g++ there is the integer reference, which says so.
    environment = {**os.environ, "PATH": "/nowhere"}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "412 output integers equal on 103 vectors (integer reference)" in ended.stdout
    assert "warning not run: fast emulator: g++ not found" in ended.stderr


def test_a_forged_output_is_found(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (copy / "vectors" / "output_0.txt").read_text().splitlines()
    numbers = lines[40].split()
    numbers[2] = str(int(numbers[2]) ^ 1)
    (copy / "vectors" / "output_0.txt").write_text("\n".join([*lines[:40], " ".join(numbers), *lines[41:]]) + "\n")
    _forged(copy)
    with (
        opened(copy) as (root, manifest),
        pytest.raises(ProofFailedError, match=r"vector 40 \(beyond\), position \(2,\)"),
    ):
        replay(root, manifest)
    assert main(["verify", str(copy)]) == 1
    assert f"the bundle says {numbers[2]}, the fast emulator gives" in capsys.readouterr().err


def test_a_forged_weight_is_found(copy: Path) -> None:
    with np.load(copy / "weights.npz") as arrays:
        changed = {name: arrays[name] for name in arrays.files}
    name = next(name for name in changed if name.startswith("logits.kernel"))
    changed[name] = changed[name][::-1]
    np.savez_compressed(copy / "weights.npz", **changed)
    _forged(copy)
    with opened(copy) as (root, manifest), pytest.raises(ProofFailedError, match="output 'logits', vector"):
        replay(root, manifest)


@pytest.mark.parametrize("text", ["1 2 3\n", "x\n" * 103, "99999 0 0\n" * 103, "9" * 30 + " 0 0\n", ""])
def test_vectors_that_are_none(copy: Path, text: str) -> None:
    (copy / "vectors" / "input_1.txt").write_text(text)
    _forged(copy)
    with (
        opened(copy) as (root, manifest),
        pytest.raises(InputFileError, match=r"input_1.txt: holds (no 103|an integer)"),
    ):
        replay(root, manifest)


def test_ports_of_another_network(copy: Path) -> None:
    manifest = BundleManifest.load(copy)
    manifest = manifest.model_copy(update={"outputs": manifest.outputs[::-1]})
    with pytest.raises(InputFileError, match="differ in the outputs"):
        replay(copy, manifest)
