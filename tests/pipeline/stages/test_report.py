"""The stage `report`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from pipeline.stages import report


def test_page_and_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "build" / "small"
    run.mkdir(parents=True)
    (run / "60_csim.json").write_text('{"status": "not run", "reason": "g++ not found"}')
    report.run(run, out=run / "80_report")
    assert [path.name for path in (run / "80_report").iterdir()] == ["index.html"]
    assert "g++ not found" in (run / "80_report" / "index.html").read_text()
    manifest = json.loads((run / "80_report.manifest.json").read_text())
    assert [Path(name).name for name in manifest["inputs"]] == ["60_csim.json"]
    assert "not run, g++ not found" in capsys.readouterr().out


def test_no_such_run(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such run folder"):
        report.run(tmp_path / "none", out=tmp_path / "80_report")
    assert not list(tmp_path.iterdir())
