"""A bundle gives its own reference outputs, and only as long as it is whole; nothing else is needed to see that."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import hls_projects
from data_prep.errors import InputFileError, ProofFailedError
from data_prep.fixed_point import FixedType
from hls_projects.export.bundle import write_bundle
from hls_projects.export.design import Design
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.manifest import BundleManifest, Provenance
from hls_projects.export.replay import replay
from hls_projects.export.verify import opened
from pipeline.app import main

ROOT = Path(__file__).parents[3]
COMMAND = re.compile(r"^pip install --constraint requirements.lock (.*?)( +#.*)?$", re.MULTILINE)


def _closure(names: Iterable[str]) -> set[str]:
    """Distributions and all that they need."""
    found: set[str] = set()
    left = [canonicalize_name(name) for name in names]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        needed = [Requirement(text) for text in metadata.requires(name) or ()]
        left += [
            canonicalize_name(requirement.name)
            for requirement in needed
            if not requirement.marker or requirement.marker.evaluate({"extra": ""})
        ]
    return found


def _not_installed() -> list[str]:
    """The modules that a machine does not have on which docs/export.md's command for `verify` was run alone."""
    command = COMMAND.search((ROOT / "docs" / "export.md").read_text())
    assert command
    there = _closure(command[1].split())
    modules = metadata.packages_distributions().items()
    return [module for module, owners in modules if not {canonicalize_name(owner) for owner in owners} & there]


@pytest.fixture(scope="module")
def bundle(design: Design, provenance: Provenance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("70_export")
    write_bundle(design, provenance, out, checks=())
    return out


@pytest.mark.parametrize("name", ["zoo_model", "zoo_model.tar.gz"])
def test_the_reference_vectors(bundle: Path, name: str, design: Design) -> None:
    vectors = bundle / "zoo_model" / "vectors"
    ports = enumerate(design.graph.inputs)
    raw = [np.loadtxt(vectors / f"input_{i}.txt", np.int64).reshape(-1, *port.shape) for i, port in ports]
    outputs = hls_projects.emulate(bundle / name, raw, raw=True)
    for i, given in enumerate(outputs):
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
        replayed = replay(root, manifest)
    assert replayed.programs == ("fast emulator", "integer reference")
    # 103 vectors, three logits and a mass, two emulators
    assert (replayed.vectors, replayed.integers, replayed.left_out) == (103, 103 * 4 * 2, "")


def test_a_machine_with_little_verifies_a_bundle(bundle: Path) -> None:
    code = (
        f"import sys; sys.modules |= dict.fromkeys({_not_installed()}); from pipeline.app import main; "
        f"sys.exit(main(['verify', {str(bundle / 'zoo_model.tar.gz')!r}]))"
    )
    # Without g++ there is the integer reference, which says so.
    environment = {**os.environ, "PATH": "/nowhere"}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert {"tensorflow", "keras", "qkeras", "hls4ml", "alkaid", "uproot", "awkward", "h5py"} <= set(_not_installed())
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


def test_a_byte_of_any_kind_of_file_is_noticed(copy: Path) -> None:
    kinds: dict[tuple[str, str], Path] = {}
    for path in sorted(path for path in copy.rglob("*") if path.is_file() and path.stat().st_size):
        kinds.setdefault((path.relative_to(copy).parts[0], path.suffix), path)
    assert {"hls", "cmssw", "vectors", "proof", "licences", "types.json", "SHA256SUMS"} <= {top for top, _ in kinds}
    for path in kinds.values():
        content = path.read_bytes()
        path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
        assert main(["verify", str(copy)]) == 1, path
        path.write_bytes(content)
    assert main(["verify", str(copy)]) == 0


def _with_types(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change `types.json` and forge its hash."""
    types = json.loads((root / "types.json").read_text())
    change(types)
    (root / "types.json").write_text(json.dumps(types))
    _forged(root)


def _renamed(types: dict[str, Any]) -> None:
    types["layers"][-1]["name"] = 'x\nstatic int ran = system("touch /tmp/ran");\n//'


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_renamed, "no types: .*name"),
        (lambda types: types["layers"][0].update(inputs=["nothing"]), "do not make a network: KeyError"),
        (lambda types: types["layers"][0].update(kind="QDense"), "layer 'image_port' has no weights"),
        (lambda types: types["layers"][1].update(shape=[1 << 40, 1 << 20, 4]), "as its types say"),
        (lambda types: types["layers"][1].update(strides=[0, 0]), "do not make a network"),
    ],
)
def test_a_forged_network_neither_runs_code_nor_ends_in_a_traceback(
    copy: Path, capsys: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    _with_types(copy, change)
    assert main(["verify", str(copy)]) == 1
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1
    assert re.search(reason, errors[0]), errors[0]


def test_an_accumulator_that_its_sums_overflow(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def narrow(types: dict[str, Any]) -> None:
        layer = next(layer for layer in types["layers"] if layer["accumulator"])
        accumulator = FixedType.parse(layer["accumulator"])
        layer["accumulator"] = dataclasses.replace(
            accumulator, width=accumulator.width - 1, integer=accumulator.integer - 1
        ).name

    _with_types(copy, narrow)
    assert main(["verify", str(copy)]) == 1
    assert re.search(r"types.json: layer '\w+': its accumulator ap_fixed<.*> does not hold", capsys.readouterr().err)


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
    with pytest.raises(InputFileError, match="has other ports than the manifest says"):
        replay(copy, manifest)
