"""The stage `report`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from pipeline.app import main
from pipeline.stages import report
from tests.sealed import seal


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of which nothing is there but a comparison that was not run."""
    folder = tmp_path / "build" / "small"
    folder.mkdir(parents=True)
    (folder / "60_csim.json").write_text('{"status": "not run", "reason": "g++ not found"}')
    seal(folder / "60_csim.json", "csim", failure="g++ not found")
    return folder


def test_page_and_manifest(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.run(run, out=run / "80_report")
    assert [path.name for path in (run / "80_report").iterdir()] == ["index.html"]
    assert "g++ not found" in (run / "80_report" / "index.html").read_text()
    manifest = json.loads((run / "80_report.manifest.json").read_text())
    assert list(manifest["inputs"]) == ["60_csim.json.manifest.json"], "it stands for the artefact and its hashes"
    assert "not run, g++ not found" in capsys.readouterr().out


def test_it_is_made_again_where_something_changed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "40_lowered").mkdir()
    (run / "40_lowered" / "types.json").write_text("{}")
    seal(run / "40_lowered", "lower")
    call = ["report", str(run), "--out", str(run / "80_report")]
    page = run / "80_report" / "index.html"
    assert main(call) == 0
    before = page.read_bytes()
    capsys.readouterr()
    assert main(call) == 0
    assert "80_report: unchanged" in capsys.readouterr().out
    (run / "40_lowered" / "types.json").write_text("[]")
    assert main(call) == 0
    assert "unchanged" not in capsys.readouterr().out
    assert "40_lowered is not as it was made: 'types.json' was changed" in page.read_text().replace("&#39;", "'")
    assert page.read_bytes() != before


def test_a_folder_without_artefacts_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "60_csim.json").write_text('{"status": "proven"}')
    with pytest.raises(InputFileError, match="is not the folder of a run"):
        report.run(tmp_path / "run", out=tmp_path / "80_report")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_no_such_run(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such run folder"):
        report.run(tmp_path / "none", out=tmp_path / "80_report")
    assert not list(tmp_path.iterdir())
