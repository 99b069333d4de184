"""The stage around the simulation: manifest, resuming, one line for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_prep.errors import ConfigurationError, PipelineError
from pipeline.artefacts.hashes import sha256
from pipeline.stages.generate import run

CONFIG = """
classes: [w]
jets_per_class: 30
shard_size: 20
multiparton_interactions: false
incomplete: true
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "generate.yaml"
    path.write_text(CONFIG)
    return path


def test_files_and_manifest(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "10_root"
    run(config, out, workers=1)
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
        run(config, tmp_path / "10_root", workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["generate.yaml"]


def test_jets_that_would_be_missing_are_refused_and_the_remedy_works(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both with the same pilot, put there by hand: ten jets a class, two of them from softer scatterings."""
    from data_prep.generate import completeness

    def piece(settings: object, piece: completeness.PilotFile, folder: Path, advance: Callable[[int], None]) -> None:
        jets = {"pt": [510.0] * 10, "pt_hat": [410.0, 420.0, *[600.0] * 8], "weight": [1.0] * 10}
        (folder / piece.file).write_text(json.dumps(jets | {"event": list(range(10))}))

    def without_processes(make: object, settings: object, tasks: list[Any], folder: Path, *_: object) -> None:
        for task in tasks:
            piece(settings, task, folder, lambda _: None)

    monkeypatch.setattr(completeness, "make_all", without_processes)
    text = CONFIG.replace("incomplete: true\n", "")
    config.write_text(text + "pt_hat: [500, 1050]\n")
    with pytest.raises(ConfigurationError, match=r"20\.0 ± .* from below, 0\.0 ± .*set pt_hat: \[410, 1050\]") as error:
        run(config, tmp_path / "10_root", workers=1)
    assert str(config) in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["generate.yaml"]
    config.write_text(text + "pt_hat: [410, 1050]\n")
    run(config, tmp_path / "10_root", workers=1)
    record = json.loads((tmp_path / "10_root" / "completeness.json").read_text())
    assert record["missing_max"] == 0.01
    assert record["classes"]["w"]["below"]["value"] == 0
    assert record["classes"]["w"]["jets"] == 80
    outputs = json.loads((tmp_path / "10_root.manifest.json").read_text())["outputs"]
    assert sorted(outputs) == ["completeness.json", "w_00000.root", "w_00001.root"]
