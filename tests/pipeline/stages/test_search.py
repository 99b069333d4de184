"""The stages `search` and `pick` as a user calls them: what they leave, how they go on, and how they fail."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.app import main
from tests.pipeline.studies.search.small_search import FILES, change_file, prepare


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A search among nine designs on 400 jets."""
    return prepare(tmp_path)


@pytest.mark.slow
def test_it_goes_on_when_workers_die_and_when_it_has_ended(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.studies.search import run as search_run
    from pipeline.studies.search import study, workers

    killed: list[int] = []
    mend = workers.Crew.mend

    def kill(crew: workers.Crew, ended: int, **options: Any) -> None:
        mend(crew, ended, **options)
        if not killed:
            with sqlite3.connect(next(tmp_path.glob(".28_search.making/work/study.db"))) as database:
                running = database.execute("select count(*) from trials where state = 'RUNNING'").fetchone()[0]
            if running:
                killed.append(crew._processes[0].pid or 0)
                os.kill(killed[0], signal.SIGKILL)

    monkeypatch.setattr(workers.Crew, "mend", kill)
    monkeypatch.setattr(study, "HEARTBEAT", 1)
    monkeypatch.setattr(study, "GRACE", 2)
    monkeypatch.setattr(search_run, "POLL", 0.2)
    out = tmp_path / "28_search"
    assert main(arguments) == 0
    assert killed
    assert "of 2 trained; the best, trial" in capsys.readouterr().out
    front = json.loads((out / "front.json").read_text())
    assert front["trials"]["finished"] == 2
    with (out / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    dead = next(row for row in rows if row["reason"] == "its worker died")
    names = list(FILES["search"]["space"])
    twins = [row["state"] for row in rows if [row[name] for name in names] == [dead[name] for name in names]]
    assert {"finished", "waiting"} & set(twins), "it is tried again, now or when there is more time"
    # The one whose worker died may be the hand-made design.
    designs = [*front["points"], *([front["hand_made"]] if front["hand_made"] else [])]
    synthesised = [design for design in designs if design["lut"] is not None]
    _check_confirmed(out, synthesised[0], tmp_path)
    assert main(arguments) == 0
    assert "28_search: unchanged" in capsys.readouterr().out
    assert json.loads((out / "front.json").read_text()) == front, "its trials are still there"
    assert [path.name for path in tmp_path.glob(".*")] == []
    _check_picked(out, front, tmp_path, capsys)
    _check_runs(tmp_path, front["points"][0])


def _check_confirmed(out: Path, point: dict[str, Any], folder: Path) -> None:
    """The confirmed number is that of the stage `rtl` for the same network, and its estimate is the traced one."""
    from hls_projects.lowering.lower import lower
    from hls_projects.lowering.types import prove_network
    from hls_projects.rtl.variants import build_variants
    from hls_projects.settings import HardwareSettings
    from models.files.load import load_model
    from pipeline import console

    network = prove_network(lower(load_model(out / "networks" / f"{point['trial']}.h5")))
    hardware = HardwareSettings.model_validate(FILES["hardware"])
    variants = build_variants(network, hardware, folder / "logic", console.progress, console.warn)
    best = variants.records[variants.kept]
    assert best.synthesis is not None
    assert (point["lut"], point["ff"], point["clocks"]) == (best.synthesis.lut, best.synthesis.ff, best.latency)
    assert point["lut_estimate"] == min(record.estimate for record in variants.records)
    shutil.rmtree(folder / "logic")


def _check_picked(out: Path, front: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run of its own whose files are those of the point."""
    point = front["points"][0]
    call = ["pick", str(out), f"--point={point['trial']}", f"--configs={folder}/configs"]
    assert main([*call, "--name=best"]) == 0
    assert "make RUN=best" in capsys.readouterr().out
    configuration = folder / "configs" / "best"
    model = yaml.safe_load((configuration / "model.yaml").read_text())
    assert model["blocks"][0]["filters"] == point["point"]["model.blocks.0.filters"]
    assert model["blocks"][0]["pointwise"]["bits"] == point["point"]["model.blocks.0.pointwise.bits"]
    assert (configuration / "model.yaml").read_text().startswith(f"# Found by a search, trial {point['trial']}: ")
    assert (configuration / "sample").read_text() == "theirs\n"
    assert {path.name for path in configuration.iterdir()} == {*(f"{n}.yaml" for n in FILES if n != "search"), "sample"}
    for name, message in (("best", "there is already a run 'best'"), ("../a", "'../a' cannot be the name of a run")):
        assert main([*call, f"--name={name}"]) == 1
        assert message in capsys.readouterr().err
    assert main(["pick", str(out), "--point=77", "--name=b", f"--configs={folder}/configs"]) == 1
    assert "trial 77 is not on the front (its points are" in capsys.readouterr().err


def _check_runs(folder: Path, point: dict[str, Any]) -> None:
    """The stages that `make RUN=best` runs first take what `pick` wrote, and make that network of it."""
    from models.files.load import load_model

    c, b = folder / "configs" / "best", folder / "build" / "best"
    jets = [f"{folder}/q.root", f"{folder}/t.root"]
    assert main(["images", f"--config={c}/images.yaml", *jets, f"--out={b}/20_images"]) == 0
    train = [f"--config={c}/train.yaml", f"--model-config={c}/model.yaml", f"{b}/20_images"]
    assert main(["train", *train, f"--out={b}/30_model"]) == 0
    assert main(["lower", f"--model={b}/30_model/model.h5", f"--out={b}/40_lowered"]) == 0
    assert load_model(b / "30_model" / "model.h5").count_params() == point["parameters"]


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("search", {"budget": {}}, "'trials' or 'minutes' is needed"),
        ("search", {"space": {}}, "at least 1 item"),
        (
            "search",
            {"space": {"model.blocks.0.filter": [1]}},
            "search.yaml: 'space': 'model.blocks.0.filter' is not in",
        ),
        ("search", {"space": {"models.blocks": [1]}}, "'models.blocks' is not in the configuration files"),
        ("search", {"starts": [{"model.input.bits": 3}]}, "'model.input.bits', which is not a dimension of 'space'"),
        ("search", {"storage": "no://place"}, "the database no://place cannot be used"),
        ("hardware", {"rtl": {"form": "none"}}, "hardware.yaml: with 'rtl.form: none' a design has no cost"),
    ],
)
def test_how_it_fails(
    arguments: list[str], tmp_path: Path, file: str, change: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change_file(tmp_path / "configs" / "mine" / f"{file}.yaml", **change)
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "28_search").exists()


def test_pick_without_a_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["pick", str(tmp_path), "--name=a", f"--configs={tmp_path}/configs"]
    assert main([*call, "--point=1"]) == 1
    assert "contains no search (make it with `python -m pipeline search`)" in capsys.readouterr().err
    assert main(call) == 1
    assert "choose a design by --point, or by --lut, --clocks" in capsys.readouterr().err
