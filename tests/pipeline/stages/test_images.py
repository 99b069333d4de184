"""The stage `images` as a user runs it: good input, and each bad input as one line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.images.jets import ImagesSettings
from data_prep.images.summary import Summary
from data_prep.store.jet_images import open_dataset
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from pipeline.configuration import load

CONFIGURATION = Path(__file__).parents[3] / "configs" / "demo" / "images.yaml"


@pytest.fixture(scope="module")
def jets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 100 mock jets of each class of the demo."""
    folder = tmp_path_factory.mktemp("10_root")
    for name in ("q", "g", "w", "z", "t"):
        write_mock_file(folder / f"{name}_00000.root", mock_jets(name, 100, seed=4))
    return folder


def images(config: Path, out: Path, *inputs: Path | str) -> int:
    return main(["images", "--config", str(config), *map(str, inputs), "--out", str(out)])


def test_the_demo(jets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "20_images"
    assert images(CONFIGURATION, out, jets) == 0
    assert "images of 16 × 16 pixels from 500 jets" in capsys.readouterr().out
    dataset = open_dataset(out)
    assert dataset.classes == ("q", "g", "w", "z", "t")
    assert dataset.shape == (16, 16, 1)
    account = json.loads((out / "cutflow.json").read_text())
    assert account["read"] == 500 == account["kept"] + account["dropped"]
    assert Summary.load(out / "summary.npz").mean_image.shape == (5, 16, 16, 1)
    assert {file.name for file in (out / "plots").iterdir()} == {"mean_image.svg", "occupancy.svg", "mass.svg"}
    assert manifest_path(out).exists()

    # the same bytes whatever the order of the inputs
    again = tmp_path / "again"
    assert images(CONFIGURATION, again, *sorted(jets.iterdir(), reverse=True)) == 0
    first, second = ({f.relative_to(d): f.read_bytes() for f in d.rglob("*.*")} for d in (out, again))
    assert len(first) == 9
    assert first == second


@pytest.mark.parametrize(
    ("run", "classes"), [("demo", "q g w z t"), ("jetclass5", "q g w z t"), ("top_tagging", "qcd t")]
)
def test_the_delivered_configurations_are_valid(run: str, classes: str) -> None:
    settings = load(CONFIGURATION.parents[1] / run / "images.yaml", ImagesSettings)
    assert settings.description.classes == tuple(classes.split())


def missing_file(jets: Path, config: Path) -> Path:
    return jets / "none.root"


def empty_file(jets: Path, config: Path) -> Path:
    (jets / "q_00000.root").write_bytes(b"")
    return jets


def missing_branch(jets: Path, config: Path) -> Path:
    branches = {name: values for name, values in mock_jets("z", 10, 1).items() if name != "part_energy"}
    write_mock_file(jets / "z_00000.root", branches)
    return jets


def class_without_jets(jets: Path, config: Path) -> Path:
    (jets / "t_00000.root").unlink()
    return jets


def folder_without_files(jets: Path, config: Path) -> Path:
    (jets / "empty").mkdir()
    return jets / "empty"


def unknown_key(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text() + "colour: red\n")
    return jets


def value_out_of_range(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text().replace("pixels: 16", "pixels: 1"))
    return jets


def unknown_layout(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text() + "\nlayout: jetclas\n")
    return jets


def half_a_layout(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text() + "\nlayout: {tree: t}\n")
    return jets


def senseless_order(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text().replace("- step: flip", "- step: centre"))
    return jets


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing_file, "none.root: no such file"),
        (empty_file, "q_00000.root: is empty"),
        (missing_branch, "nearest is jetclass, for which 'tree' lacks part_energy"),
        (class_without_jets, "no jet of the class 't' in 400: its label fits none (label_Tbqq)"),
        (folder_without_files, "empty: holds no .root or .h5 or .hdf5 file"),
        (unknown_key, "images.yaml: unknown key 'colour'"),
        (value_out_of_range, "images.yaml: 'grid.square.pixels'"),
        (unknown_layout, "images.yaml: 'layout.name': must be one of auto, delphes, higgs_to_bb, jetclass"),
        (half_a_layout, "images.yaml: the key 'layout.own.constituents' is missing"),
        (senseless_order, "images.yaml: 'steps': the step 'centre' is given twice"),
    ],
)
def test_bad_input_is_one_line(
    jets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path, Path], Path],
    message: str,
) -> None:
    folder, config, out = tmp_path / "10_root", tmp_path / "images.yaml", tmp_path / "20_images"
    folder.mkdir()
    for file in jets.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config.write_text(CONFIGURATION.read_text())
    assert images(config, out, spoil(folder, config)) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not out.exists()
    assert not list(tmp_path.glob(".20_images*"))


def test_a_truncated_file_is_an_error_or_a_counted_loss(
    jets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "10_root", tmp_path / "20_images"
    shutil.copytree(jets, folder)
    write_mock_file(folder / "w_00001.root", mock_jets("w", 50, seed=4))
    content = (folder / "w_00001.root").read_bytes()
    (folder / "w_00001.root").write_bytes(content[: len(content) // 2])
    (folder / "w_00002.root").write_bytes(b"")
    # a file that tells nothing is an error before anything is made
    assert images(CONFIGURATION, out, folder) == 1
    assert "w_00002.root: is empty" in capsys.readouterr().err
    (folder / "w_00002.root").unlink()
    # one that cannot be read to its end is one when everything else is done, or at once
    assert images(CONFIGURATION, out, folder) == 1
    *_, last_line = capsys.readouterr().err.strip().splitlines()
    assert (
        last_line.startswith("error")
        and "w_00001.root: entries 0-49 lost: " in last_line
        and "--allow-lost 0.091" in last_line
    )
    assert not out.exists() and list(tmp_path.glob(".20_images.making/work/*.chunk"))
    assert images(CONFIGURATION, out, folder, "--strict") == 1
    assert not out.exists()
    # both are losses where so much is allowed
    (folder / "w_00002.root").write_bytes(b"")
    assert images(CONFIGURATION, out, folder, "--allow-lost", "0.5") == 0
    output = capsys.readouterr()
    assert "w_00002.root: the whole file lost: is empty" in output.err
    assert "500 jets; lost " in output.out
    account = json.loads((out / "cutflow.json").read_text())
    assert account["entries"] == {"read": 500, "lost": 50}
    assert [Path(loss["file"]).name for loss in account["lost"]] == ["w_00002.root", "w_00001.root"]
    assert not list(tmp_path.glob(".20_images*"))
    # what is there is judged as if it were made: by this command's tolerance, or as it is where no files are given
    assert images(CONFIGURATION, out, folder, "--allow-lost", "0.5") == 0
    assert "unchanged" in capsys.readouterr().out
    assert images(CONFIGURATION, out) == 0
    assert "lost 9.09% of the entries when it was made" in capsys.readouterr().err
    (folder / "w_00002.root").write_bytes(b" ")
    assert images(CONFIGURATION, out, folder, "--allow-lost", "0.5") == 0
    assert "unchanged" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            "sbatch",
            "slurm cluster: sbatch not found, needed to start and end the jobs of --cluster (log in where such jobs "
            "are submitted, or correct `kind` in the file of --cluster)",
        ),
        ("dask_jobqueue", "the Python package dask-jobqueue is not installed, needed for --scheduler and --cluster "),
        ("distributed", "the Python package distributed is not installed, needed for --scheduler and --cluster "),
    ],
)
def test_a_batch_system_that_is_not_there_is_one_line(
    missing: str,
    message: str,
    jets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text("kind: slurm\njobs: 1\noptions: {cores: 1, memory: 1GB}\n")
    options = ["--cluster", str(cluster)]
    if missing == "sbatch":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    if missing == "distributed":
        options = ["--scheduler", "tcp://127.0.0.1:1"]
    assert images(CONFIGURATION, tmp_path / "d", jets, *options) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error {message}")
    assert line.endswith(")")
    assert not (tmp_path / "d").exists()


def test_two_ways_to_work_are_refused(jets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--workers", "2", "--scheduler", "tcp://127.0.0.1:1")
    assert images(CONFIGURATION, tmp_path / "d", jets, *options) == 1
    assert "give one of --workers, --scheduler and --cluster" in capsys.readouterr().err


def test_an_interrupted_run_with_workers_goes_on(tmp_path: Path, jets: Path) -> None:
    """SIGINT to the whole process group, as a terminal sends it, when some chunks are finished."""
    out, config = tmp_path / "20_images", tmp_path / "images.yaml"
    config.write_text(CONFIGURATION.read_text() + "\nchunk_jets: 2\n")
    call = [sys.executable, "-m", "pipeline", "images", "--config", str(config), str(jets), "--out", str(out)]
    process = subprocess.Popen(
        [*call, "--workers", "2"],
        cwd=CONFIGURATION.parents[2],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    finished = f".{out.name}.making/work/*.chunk"
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob(finished))) < 5 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), output + errors
    assert "Traceback" not in errors
    chunks = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob(finished)}
    assert 5 <= len(chunks) < 250
    assert not out.exists()
    assert images(config, out, jets, "--workers", "2") == 0
    assert images(CONFIGURATION, tmp_path / "at once", jets, "--workers", "1") == 0
    assert len(list(out.rglob("*.*"))) == 9
    for file in (tmp_path / "at once").rglob("*.*"):
        assert (out / file.relative_to(tmp_path / "at once")).read_bytes() == file.read_bytes(), file
