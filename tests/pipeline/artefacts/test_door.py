"""The door: an artefact is read as its manifest says, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.errors import InputFileError, PipelineError
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.door import check, enclosing_artefact, open_inputs
from pipeline.artefacts.hashes import Hasher, content_hash
from pipeline.artefacts.manifest import manifest_path


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """`10_root` of two files, one of them in a folder, and a companion."""
    with artefact(tmp_path / "10_root", "generate", companions=[tmp_path / "10_root.txt"]) as space:
        (space.path / "deep").mkdir()
        (space.path / "a.root").write_text("a")
        (space.path / "deep" / "b.root").write_text("b")
        space.companions[0].write_text("beside")
    return tmp_path / "10_root"


def _open(role: str, path: Path) -> str:
    (opened,) = open_inputs({role: path}, Hasher(remember=False))
    return opened.content


def test_what_is_whole_is_opened(sample: Path) -> None:
    assert check(sample).stage == "generate"
    for path in (sample, sample / "a.root", sample / "deep", sample / "deep" / "b.root"):
        assert _open("files", path) == content_hash(path)
        assert enclosing_artefact(path) == sample
    assert _open("generate", sample) == content_hash(sample)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 2
    path.write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file is gone": (lambda folder: (folder / "a.root").unlink(), "'a.root' is missing"),
    "another file": (lambda folder: (folder / "c.root").touch(), "'c.root' is not part of it"),
    "a link to somewhere": (lambda folder: (folder / "c").symlink_to("/"), "'c' is not part of it"),
    "a bit": (lambda folder: _flip(folder / "deep" / "b.root"), "'b.root' was changed"),
    "the companion is gone": (lambda folder: (folder.parent / "10_root.txt").unlink(), "'10_root.txt' is missing"),
    "a bit of the companion": (lambda folder: _flip(folder.parent / "10_root.txt"), "'10_root.txt' was changed"),
    "all is gone": (shutil.rmtree, "'a.root' and 1 more are missing"),
    "the manifest is gone": (lambda folder: manifest_path(folder).unlink(), "has no manifest beside it"),
    "the manifest is cut off": (lambda folder: os.truncate(manifest_path(folder), 100), "manifest cannot be read"),
    "the manifest is empty": (lambda folder: os.truncate(manifest_path(folder), 0), "manifest cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_not_whole_is_refused(sample: Path, damage: str) -> None:
    do, message = DAMAGE[damage]
    do(sample)
    with pytest.raises(PipelineError, match=message):
        _open("generate", sample)


def test_of_a_file_of_an_artefact_its_own_hash_and_all_names_count(sample: Path) -> None:
    _flip(sample / "deep" / "b.root")
    assert _open("files", sample / "a.root") == content_hash(sample / "a.root")
    with pytest.raises(PipelineError, match="'b.root' was changed"):
        _open("files", sample / "deep")
    (sample / "deep" / "b.root").unlink()
    with pytest.raises(PipelineError, match="is not as it was made: 'deep/b.root' is missing"):
        _open("files", sample / "a.root")


def test_an_artefact_of_another_stage(sample: Path) -> None:
    with pytest.raises(InputFileError, match=r"was made by `generate`, not by `images` \(give what `images` made\)"):
        _open("images", sample)


def test_what_is_nobodys_artefact_is_hashed(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "jets.root").write_text("jets")
    # somebody's own file of such a name
    (tmp_path / "mine.manifest.json").write_text(json.dumps({"jets": 7}))
    assert _open("files", folder) == content_hash(folder)
    assert enclosing_artefact(folder / "jets.root") is None
    with pytest.raises(InputFileError, match="no such file"):
        _open("files", tmp_path / "absent")
    os.mkfifo(folder / "pipe")
    with pytest.raises(InputFileError, match="pipe: is no regular file"):
        _open("files", folder)
    with pytest.raises(InputFileError, match="cannot be read"):
        _open("lower", folder)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "deep/../../x"])
def test_a_manifest_that_leads_out_of_its_artefact(sample: Path, name: str) -> None:
    manifest = json.loads(manifest_path(sample).read_text())
    manifest["outputs"][name] = "0" * 64
    manifest_path(sample).write_text(json.dumps(manifest))
    with pytest.raises(InputFileError, match="cannot be read"):
        check(sample)
