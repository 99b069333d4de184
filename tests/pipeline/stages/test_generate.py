"""The stage around the simulation: manifest, resuming, one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_prep.errors import ConfigurationError, PipelineError
from pipeline.hashes import sha256
from pipeline.stages.generate import run

CONFIG = """
classes: [w]
jets_per_class: 30
shard_size: 20
multiparton_interactions: false
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "generate.yaml"
    path.write_text(CONFIG)
    return path


def test_files_and_manifest(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "10_root"
    run(config, out, processes=1)
    assert sorted(file.name for file in out.iterdir()) == ["w_00000.root", "w_00001.root"]
    manifest = json.loads((tmp_path / "10_root.manifest.json").read_text())
    assert manifest["outputs"] == {file.name: sha256(file) for file in out.iterdir()}
    assert manifest["configuration"]["generate"]["jets_per_class"] == 30
    assert "30 jets of w in 2 files" in capsys.readouterr().out
    # Nothing else is left, and every file has one name only.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10_root", "10_root.manifest.json", "generate.yaml"]
    assert all(file.stat().st_nlink == 1 for file in out.iterdir())


def test_an_interrupted_run_keeps_its_finished_files(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data_prep.generate import production

    def interrupted(settings: object, folder: Path, processes: int, advance: object) -> list[Path]:
        (folder / "w_00000.root").write_bytes(b"finished")
        raise KeyboardInterrupt

    def resumed(settings: object, folder: Path, processes: int, advance: object) -> list[Path]:
        assert (folder / "w_00000.root").read_bytes() == b"finished"
        return [folder / "w_00000.root"]

    monkeypatch.setattr(production, "produce", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(config, tmp_path / "10_root")
    assert not (tmp_path / "10_root").exists()
    monkeypatch.setattr(production, "produce", resumed)
    run(config, tmp_path / "10_root")
    assert (tmp_path / "10_root" / "w_00000.root").read_bytes() == b"finished"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("jets: {pt: [600, 500]}", "'jets': the lower edge of pt must be below the upper"),
        ("classes: [w, b]", "key 'classes' is given twice"),
        ("colour: red", "unknown key 'colour'"),
        ("detector: {ecal_cell: 2}", r"'detector\.ecal_cell': .*less than or equal to 0\.5"),
    ],
)
def test_a_bad_configuration_is_one_line(config: Path, tmp_path: Path, change: str, reason: str) -> None:
    config.write_text(CONFIG + change)
    with pytest.raises(ConfigurationError, match=reason) as error:
        run(config, tmp_path / "10_root")
    assert str(config) in str(error.value)
    assert "\n" not in str(error.value)


def test_impossible_cuts_leave_nothing(config: Path, tmp_path: Path) -> None:
    config.write_text(CONFIG + "jets: {pt: [3000, 3100]}\n")
    with pytest.raises(PipelineError, match="pass the selection"):
        run(config, tmp_path / "10_root", processes=1)
    assert [path.name for path in tmp_path.iterdir()] == ["generate.yaml"]
