"""An artefact is whole or absent, and says what it was made from."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from hls_projects.settings import CsimSettings
from pipeline import artefact as module
from pipeline import interruption
from pipeline.artefact import artefact, manifest_path, versions


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_artefact_has_a_manifest(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("momenta")
    out = tmp_path / "20_images"
    with artefact(out, "images", settings={"csim": CsimSettings(seed=7)}, inputs=[source]) as space:
        (space.path / "part.bin").write_bytes(b"pixels")
        (space.work / "shard").write_bytes(b"half")
        assert not out.exists()
    assert _names(tmp_path) == ["20_images", "20_images.manifest.json", "in.txt"]
    manifest = json.loads(manifest_path(out).read_text())
    assert manifest["outputs"] == {"part.bin": hashlib.sha256(b"pixels").hexdigest()}
    assert manifest["configuration"]["csim"]["seed"] == 7
    assert manifest["versions"]["numpy"] == "1.26.4"
    assert list(manifest["inputs"]) == [str(source)]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_nothing_half_written_survives(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), artefact(tmp_path / "out", "train") as space:
        (space.path / "half").write_bytes(b"")
        raise error
    assert _names(tmp_path) == []


def test_a_failed_rerun_leaves_the_old_artefact(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with artefact(tmp_path / "out", "train") as space:
            (space.path / "file").write_text(text)
    with pytest.raises(RuntimeError), artefact(tmp_path / "out", "train") as space:
        raise RuntimeError
    assert (tmp_path / "out" / "file").read_text() == "second"
    assert manifest_path(tmp_path / "out").exists()


def test_work_outlives_an_interruption_of_the_same_run_only(tmp_path: Path) -> None:
    def attempt(seed: int) -> list[str]:
        with artefact(tmp_path / "out", "generate", settings={"csim": CsimSettings(seed=seed)}) as space:
            found = _names(space.work)
            (space.work / f"shard_{seed}").write_text("done")
            if len(found) == 0:
                raise KeyboardInterrupt
            return found

    with pytest.raises(KeyboardInterrupt):
        attempt(1)
    assert attempt(1) == ["shard_1"]
    with pytest.raises(KeyboardInterrupt):
        attempt(2)
    with pytest.raises(KeyboardInterrupt):
        attempt(1)


def test_one_file_as_artefact(tmp_path: Path) -> None:
    out = tmp_path / "60_csim.json"
    with artefact(out, "csim", folder=False) as space:
        space.path.write_text("{}")
    assert out.read_text() == "{}"
    assert manifest_path(out).name == "60_csim.json.manifest.json"


def test_companions_come_and_go_with_their_artefact(tmp_path: Path) -> None:
    out, outputs = tmp_path / "60_csim.json", tmp_path / "60_csim.npz"

    def make(content: bytes, fail: bool) -> None:
        with artefact(out, "csim", folder=False, companions=[outputs]) as space:
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
        artefact(tmp_path / "out", "images", inputs=[tmp_path / "absent.root"]),
    ):
        pytest.fail("the body must not run")


def test_the_git_hash_is_that_of_the_checkout(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    call = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if call.returncode != 0:
        pytest.skip("git checkout not found")
    with artefact(tmp_path / "out", "images") as space:
        (space.path / "file").touch()
    assert json.loads(manifest_path(tmp_path / "out").read_text())["git"].startswith(call.stdout.strip())


def test_a_library_that_is_not_there_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIBRARIES", ("numpy", "no-such-library"))
    assert versions().keys() == {"python", "numpy"}
