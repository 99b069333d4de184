"""A bundle that was tampered with is found."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal

import pytest

from data_prep.errors import InputFileError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.steps.centre import Centre
from data_prep.store.jet_images import ImageDescription
from hls_projects.export.archive import pack
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.manifest import BundleManifest, BundlePort, ProofSummary, Provenance
from hls_projects.export.origin import TrainingData
from hls_projects.export.verify import made_in, verify
from hls_projects.proof.record import Proof
from hls_projects.settings import HlsSettings
from models.files.meaning import MEANING, Meaning


@pytest.fixture
def bundle(tmp_path: Path, provenance: Provenance) -> Path:
    """A bundle with two files."""
    root = tmp_path / "made_up"
    (root / "vectors").mkdir(parents=True)
    (root / "vectors" / "input_0.txt").write_text("1 2 3\n")
    (root / "code.cpp").write_text("int main() {}\n")
    port = BundlePort(name="x", shape=(3,), type=FixedType(4, 4), packing="", vectors="vectors/input_0.txt")
    BundleManifest(
        name="made_up",
        hls=HlsSettings(),
        inputs=(port,),
        outputs=(),
        proofs={},
        vectors=(),
        provenance=provenance,
        files=hash_files(root),
    ).save(root)
    return root


def test_whole(bundle: Path, tmp_path: Path) -> None:
    manifest = verify(bundle)
    # sha256sum of "int main() {}\n" and "1 2 3\n"
    assert manifest.files == {
        "code.cpp": "bc8bb8e433bf65214540115414c821c904b2a30d60a3ac0424bf9b77a00024b7",
        "vectors/input_0.txt": "1def07dbe06eeb097aafec8a40329937cd20c93a83634b8221ea2b41a894310c",
    }
    pack(bundle, tmp_path / "design.tar.gz")
    assert verify(tmp_path / "design.tar.gz") == manifest


def test_changed(bundle: Path, tmp_path: Path) -> None:
    (bundle / "vectors" / "input_0.txt").write_text("1 2 4\n")
    with pytest.raises(InputFileError, match="vectors/input_0.txt changed"):
        verify(bundle)
    pack(bundle, tmp_path / "design.tar.gz")
    with pytest.raises(InputFileError, match="vectors/input_0.txt changed"):
        verify(tmp_path / "design.tar.gz")


def test_an_archive_of_another_name(bundle: Path, tmp_path: Path) -> None:
    pack(bundle.rename(tmp_path / "other"), tmp_path / "design.tar.gz")
    assert verify(tmp_path / "other").name == "made_up", "who unpacks it may call the folder what he likes"
    with pytest.raises(InputFileError, match="holds the folder 'other', its manifest is of 'made_up'"):
        verify(tmp_path / "design.tar.gz")


def test_a_changed_manifest(bundle: Path) -> None:
    manifest = (bundle / "manifest.json").read_text()
    (bundle / "manifest.json").write_text(manifest.replace('"unknown"', '"0123456"'))
    assert BundleManifest.load(bundle).provenance.git == "0123456"
    with pytest.raises(InputFileError, match="does not match its checksums: manifest.json changed"):
        verify(bundle)


@pytest.mark.parametrize("content", [None, "", "x", b"\xff\n"])
def test_changed_checksums(bundle: Path, content: str | bytes | None) -> None:
    sums = bundle / "SHA256SUMS"
    if content is None:
        sums.unlink()
    else:
        sums.write_bytes(sums.read_bytes() + content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputFileError, match=f"SHA256SUMS {'changed' if content else 'missing'}"):
        verify(bundle)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum not found")
def test_coreutils_check_it_too(bundle: Path) -> None:
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=bundle, check=False).returncode == 0
    (bundle / "code.cpp").write_text("int main() { return 1; }\n")
    assert subprocess.run(command, cwd=bundle, capture_output=True, check=False).returncode == 1


def test_missing(bundle: Path) -> None:
    (bundle / "code.cpp").unlink()
    with pytest.raises(InputFileError, match="code.cpp missing"):
        verify(bundle)


def test_added(bundle: Path) -> None:
    (bundle / "extra.tcl").write_text("exec rm\n")
    with pytest.raises(InputFileError, match="extra.tcl not in the manifest"):
        verify(bundle)


@pytest.mark.parametrize("folder", ["cmssw/build", "emp/sim/work"])
def test_what_make_leaves_is_no_part_of_the_bundle(bundle: Path, tmp_path: Path, folder: str) -> None:
    (bundle / folder).mkdir(parents=True)
    (bundle / folder / "x.o").write_bytes(b"object")
    (bundle / folder / "link").symlink_to("x.o")
    assert verify(bundle) == BundleManifest.load(bundle)
    assert made_in(bundle) == [folder]
    (bundle / folder / "link").unlink()
    pack(bundle, tmp_path / "design.tar.gz")
    with pytest.raises(InputFileError, match=f"holds {folder}, which is not part of a bundle"):
        verify(tmp_path / "design.tar.gz")
    (bundle / f"{folder}.o").write_bytes(b"object")
    with pytest.raises(InputFileError, match=f"{folder}.o not in the manifest"):
        verify(bundle)


def test_a_link(bundle: Path) -> None:
    (bundle / "code.cpp").unlink()
    (bundle / "code.cpp").symlink_to("/etc/hostname")
    with pytest.raises(InputFileError, match="is a link"):
        verify(bundle)


@pytest.mark.parametrize("content", ["", "{}", '{"format": 2}', "[1]", "\x00", '{"files": {}, "surprise": 1}'])
def test_no_manifest(bundle: Path, content: str) -> None:
    (bundle / "manifest.json").write_text(content)
    with pytest.raises(InputFileError, match="not the manifest of a bundle"):
        verify(bundle)
    (bundle / "manifest.json").unlink()
    with pytest.raises(InputFileError, match="is not a bundle"):
        verify(bundle)


@pytest.mark.parametrize("name", ["../other", "/etc/hostname", "vectors/../../x"])
def test_a_name_that_leads_out(bundle: Path, name: str) -> None:
    manifest = BundleManifest.load(bundle)
    manifest.model_copy(update={"files": manifest.files | {name: "0" * 64}}).save(bundle)
    with pytest.raises(InputFileError, match="which leads out of it"):
        verify(bundle)


def test_vectors_that_no_hash_guards(bundle: Path) -> None:
    manifest = BundleManifest.load(bundle)
    port = manifest.inputs[0].model_copy(update={"vectors": "../secret.txt"})
    manifest.model_copy(update={"inputs": (port,)}).save(bundle)
    with pytest.raises(InputFileError, match="has no file '../secret.txt', the vectors of 'x'"):
        verify(bundle)


@pytest.mark.parametrize("status", ["failed", "not run", "proven"])
def test_a_proof_that_the_manifest_does_not_tell(bundle: Path, status: Literal["failed", "not run", "proven"]) -> None:
    (bundle / "proof").mkdir()
    proof = Proof(status=status, reason="")
    (bundle / "proof" / "60_csim.json").write_text(proof.model_dump_json())
    manifest = BundleManifest.load(bundle).model_copy(update={"files": hash_files(bundle)})
    manifest.save(bundle)
    with pytest.raises(InputFileError, match="lists other proofs than it contains"):
        verify(bundle)
    manifest.model_copy(update={"proofs": {"60_csim.json": ProofSummary.of(proof)}}).save(bundle)
    if status == "proven":
        assert verify(bundle).proofs["60_csim.json"].integers == 0
    else:
        with pytest.raises(InputFileError, match="other proofs"):
            verify(bundle)


def _meaning(*classes: str) -> Meaning:
    images = ImageDescription(classes=classes, grid=SquareGrid(pixels=4, half_width=0.8), steps=(Centre(),))
    return Meaning.stated(images, classes=True).model_copy(update={"stated_by": "training", "task": "classification"})


def _training(*classes: str) -> TrainingData:
    words = dict.fromkeys(("origin", "images", "selection"), "made up")
    names = {name: name for name in classes}
    return TrainingData(task="classification", files={}, channels=(), steps=(), classes=names, samples={}, **words)


def _say(bundle: Path, in_file: Meaning | None, in_manifest: Meaning | None, training: TrainingData | None) -> None:
    """Write a bundle that says what its inputs are, with hashes that hold."""
    (bundle / MEANING).unlink(missing_ok=True)
    if in_file is not None:
        in_file.save(bundle / MEANING)
    manifest = BundleManifest.load(bundle)
    provenance = manifest.provenance.model_copy(update={"training": training})
    change = {"meaning": in_manifest, "provenance": provenance, "files": hash_files(bundle)}
    manifest.model_copy(update=change).save(bundle)


def test_what_inputs_and_outputs_are_is_said_in_one_voice(bundle: Path) -> None:
    said = _meaning("q", "t")
    _say(bundle, said, said, _training("q", "t"))
    assert verify(bundle).meaning == said
    _say(bundle, None, None, None)
    assert verify(bundle).meaning is None, "a model that was brought without a word"
    for in_file, in_manifest, training, message in (
        (None, None, _training("q", "t"), "does not say what its inputs and outputs are"),
        (None, said, _training("q", "t"), "meaning.json and manifest.json differ"),
        (said, None, _training("q", "t"), "meaning.json and manifest.json differ"),
        (said, _meaning("t", "q"), None, "meaning.json and manifest.json differ"),
        (said, said, _training("t", "q"), "names another training than meaning.json"),
    ):
        _say(bundle, in_file, in_manifest, training)
        with pytest.raises(InputFileError, match=message):
            verify(bundle)


def test_a_pipe_is_no_file(bundle: Path) -> None:
    os.mkfifo(bundle / "pipe")
    with pytest.raises(InputFileError, match="pipe is a link or a device"):
        verify(bundle)
