"""What the page says of where the jets come from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data_prep.generate.settings import GenerateSettings
from pipeline.artefacts.artefact import artefact
from pipeline.configuration import load
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import task

DEMO = Path(__file__).parents[3] / "configs" / "demo" / "generate.yaml"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A simulated sample, of a run that may lend it."""
    with artefact(
        tmp_path / "lender" / "10_root", "generate", settings={"generate": load(DEMO, GenerateSettings)}
    ) as space:
        (space.path / "q_00000.root").write_bytes(b"jets")
    return tmp_path / "lender" / "10_root"


def _images_of(file: Path, run: Path) -> RunFolder:
    with artefact(run / "20_images", "images", inputs={"files": file}) as space:
        (space.path / "images").touch()
    return RunFolder(run)


def test_a_sample_of_another_run_is_a_simulated_one(sample: Path, tmp_path: Path) -> None:
    run = _images_of(sample / "q_00000.root", tmp_path / "run")
    simulation = task._simulated(run)
    assert simulation is not None
    assert simulation["collision_energy"] == 13000.0


def test_a_run_that_was_moved_still_knows_its_own_sample(sample: Path, tmp_path: Path) -> None:
    _images_of(sample / "q_00000.root", tmp_path / "lender")
    shutil.move(tmp_path / "lender", tmp_path / "moved")
    assert task._simulated(RunFolder(tmp_path / "moved")) is not None


def test_own_files_are_not_called_simulated(sample: Path, tmp_path: Path) -> None:
    """Also where an earlier sample stands beside them."""
    user_file = tmp_path / "own.root"
    user_file.write_bytes(b"other jets")
    assert task._simulated(_images_of(user_file, tmp_path / "lender")) is None
    assert sample.exists()
