"""Files beside an artefact that belong to it: none of an earlier one stays beside a later one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.door import check
from pipeline.artefacts.manifest import manifest_path
from tests.sealed import edit_manifest


def _compare(out: Path, outputs: Path | None, text: str = "proven") -> None:
    """As `csim` does: the emulated outputs are there only where there was a test set."""
    companions = [outputs] if outputs else []
    with artefact(out, "csim", options={"text": text}, folder=False, companions=companions) as space:
        space.path.write_text(text)
        for path in space.companions:
            path.write_text("outputs")


def test_one_that_is_not_made_any_more_goes(tmp_path: Path) -> None:
    out, outputs = tmp_path / "60_csim.json", tmp_path / "60_csim.npz"
    _compare(out, outputs)
    (tmp_path / "mine.txt").write_text("mine")
    _compare(out, None)
    assert not outputs.exists(), "it was emulated by the design before"
    assert check(out).companions == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["60_csim.json", manifest_path(out).name, "mine.txt"]


def test_a_failure_takes_them_all(tmp_path: Path) -> None:
    out, outputs = tmp_path / "60_csim.json", tmp_path / "60_csim.npz"
    _compare(out, outputs)
    with pytest.raises(ValueError, match="differ"), artefact(out, "csim", folder=False) as space:
        space.leave(space.path, {"status": "failed"}, "3 of 9 integers differ")
        raise ValueError("they differ")
    assert json.loads(out.read_text()) == {"status": "failed"}
    assert not outputs.exists()


def test_no_manifest_makes_a_stage_remove_what_stands_elsewhere(tmp_path: Path) -> None:
    run = tmp_path / "run"
    out, user_file = run / "60_csim.json", tmp_path / "mine.txt"
    user_file.write_text("mine")
    _compare(out, None)
    edit_manifest(out, companions={"../mine.txt": "0" * 64})
    _compare(out, None, "again")
    assert user_file.read_text() == "mine"
