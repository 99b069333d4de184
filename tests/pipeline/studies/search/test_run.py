"""A search as a command, through all that may go wrong; its trials are a formula, and run in this process."""

from __future__ import annotations

import csv
import errno
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from pipeline.app import main
from pipeline.plots import search as plot
from pipeline.studies.search import run as module
from pipeline.studies.search import study
from pipeline.studies.search.networks import model_file
from pipeline.studies.search.record import TrialMeasurement
from pipeline.studies.search.study import Study
from pipeline.studies.search.trial import HopelessError
from pipeline.studies.search.workers import Job
from tests.pipeline.studies.search.designs import design
from tests.pipeline.studies.search.small_search import change_file, prepare
from tests.small_disk import mounted

BITS = {"model.blocks.0.pointwise.bits": {"from": 4, "to": 6}}
Trial = Callable[[int, Any], None]
"""Given its number and the folder of the search; may raise."""


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> dict[str, Trial]:
    """What every trial does before it is measured, under `do`; LUTs are filters times bits of the first block."""
    what: dict[str, Trial] = {"do": lambda number, work: None}

    class Inline:
        """A crew that is this process: a trial at a time, whenever it is looked after."""

        def __init__(self, job: Job, _: int) -> None:
            self.job = job
            self.study = Study(job.url, job.settings, job.space, job.fingerprint, job.heartbeat)

        def __enter__(self) -> Inline:
            return self

        def __exit__(self, *_: Any) -> None:
            return

        def mend(self, _: int, *, replace: bool) -> None:
            if replace:
                self.study.step(self.measure, 0)

        def measure(self, number: int, point: Any, *_: Any) -> TrialMeasurement:
            what["do"](number, self.job.work)
            path = model_file(self.job.work, number)
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"network of trial {number}")
            size = point["model.blocks.0.filters"] * point["model.blocks.0.pointwise.bits"]
            found = design(number, 1 - 1 / size, size).measured
            assert found is not None
            return found

    monkeypatch.setattr(module, "Crew", Inline)
    monkeypatch.setattr(plot, "pareto_front", lambda *_: Figure(figsize=(1, 1)))
    monkeypatch.setattr(study, "HEARTBEAT", 1)
    monkeypatch.setattr(study, "GRACE", 2)
    monkeypatch.setattr(module, "POLL", 0.02)
    return what


@pytest.fixture
def call(tmp_path: Path) -> list[str]:
    """The command; nothing is synthesised, and the hand-made design has 2 filters of 5 bits."""
    arguments = prepare(tmp_path)
    change_file(tmp_path / "configs" / "mine" / "search.yaml", confirm={"points": 0})
    return arguments


def change(tmp_path: Path, **what: Any) -> None:
    change_file(tmp_path / "configs" / "mine" / "search.yaml", **what)


def live(tmp_path: Path) -> list[dict[str, str]]:
    """The table beside a search that has not ended well."""
    (work,) = tmp_path.glob(".28_search.making/work")
    with (work / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_limits_that_nothing_satisfies(
    call: list[str], tmp_path: Path, trial: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """One filter of four bits is the smallest of all; the command fails, its trials wait for more time."""
    change(tmp_path, constraints={"lut": 3}, budget={"trials": 2}, space={"model.blocks.0.filters": [1, 2]} | BITS)
    assert main(call) == 1
    error = said(capsys)
    first = live(tmp_path)
    nearest = min(first, key=lambda row: int(row["estimate"]))
    lut = int(nearest["estimate"])
    words = f"the nearest, trial {nearest['trial']}, has {lut / 3 - 1:.0%} too many LUTs ({lut})"
    assert f"no design is within the limits; {words}" in error
    assert not (tmp_path / "28_search").exists()
    change(tmp_path, budget={"trials": 4})
    assert main(call) == 1
    assert live(tmp_path)[:2] == first
    assert len(live(tmp_path)) == 4


def test_a_broken_trial_is_one_of_many(call: list[str], tmp_path: Path, trial: Any) -> None:
    def break_first(number: int, _: Path) -> None:
        if number == 0:
            raise ZeroDivisionError("by zero")

    trial["do"] = break_first
    assert main(call) == 0
    with (tmp_path / "28_search" / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["state"], rows[0]["reason"]) == ("failed", "ZeroDivisionError: by zero")
    found = json.loads((tmp_path / "28_search" / "front.json").read_text())
    assert found["trials"] == {"failed": 1, "finished": 2}
    assert found["hand_made"] is None
    kept = {path.name for path in (tmp_path / "28_search" / "networks").iterdir()}
    assert kept == {"1.h5", "2.h5"}, "of all that were trained, on the front or not: a search that goes on needs them"


def test_one_that_has_ended_goes_on_where_it_gets_more_time(
    call: list[str], tmp_path: Path, trial: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[int] = []
    trial["do"] = lambda number, _: tried.append(number)
    out = tmp_path / "28_search"

    def table() -> list[dict[str, str]]:
        with (out / "trials.csv").open() as file:
            return list(csv.DictReader(file))

    assert main(call) == 0
    first = table()
    capsys.readouterr()
    assert main(call) == 0
    assert "28_search: unchanged" in capsys.readouterr().out
    change(tmp_path, budget={"trials": 4})
    assert main(call) == 0
    assert tried == [0, 1, 2, 3], "none is tried twice"
    assert [row["model.blocks.0.filters"] for row in table()[: len(first)]] == [
        row["model.blocks.0.filters"] for row in first
    ]
    assert {path.name for path in (out / "networks").iterdir()} == {f"{number}.h5" for number in tried}
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_trials_that_all_break_end_it(
    call: list[str], tmp_path: Path, trial: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_all(*_: Any) -> None:
        raise ZeroDivisionError("by zero")

    trial["do"] = break_all
    assert main(call) == 1
    assert "every trial fails: ZeroDivisionError: by zero" in said(capsys)
    assert [row["state"] for row in live(tmp_path)] == ["failed"] * 3


def test_trials_that_all_come_to_nothing(
    call: list[str], tmp_path: Path, trial: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def hopeless(number: int, _: Path) -> None:
        raise HopelessError("a constant" if number else "far behind")

    trial["do"] = hopeless
    change(tmp_path, budget={"trials": 3})
    assert main(call) == 1
    assert "no design was trained to the end; of its trials 3 hopeless; most often: a constant" in said(capsys)


def test_ctrl_c_leaves_it_to_be_gone_on_with(
    call: list[str], tmp_path: Path, trial: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(number: int, _: Path) -> None:
        if number == 1:
            raise KeyboardInterrupt

    trial["do"] = interrupt
    assert main(call) == 130
    assert not (tmp_path / "28_search").exists()
    assert main(call) == 0
    with (tmp_path / "28_search" / "trials.csv").open() as file:
        rows = {row["trial"]: row["state"] for row in csv.DictReader(file)}
    assert rows == {"0": "finished", "1": "failed", "2": "finished"}
    assert not list(tmp_path.glob(".28_search*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    # the database is still open in this process
    with mounted(tmp_path / "disk", "2m", lazily=True) as disk:
        yield disk


@pytest.mark.parametrize("when", ["images", "trial"])
def test_a_full_disk_ends_it_until_there_is_room(
    call: list[str], small_disk: Path, trial: Any, when: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill = small_disk / "fill"

    def fills(number: int, _: Path) -> None:
        if number == 1:
            with fill.open("wb") as file:
                file.write(bytes(1 << 22))

    if when == "images":
        with pytest.raises(OSError, match="No space left") as caught, fill.open("wb") as file:
            file.write(bytes(1 << 22))
        assert caught.value.errno == errno.ENOSPC
    else:
        trial["do"] = fills
    call[call.index(next(each for each in call if each.startswith("--out=")))] = f"--out={small_disk}/28_search"
    assert main(call) == 1
    assert "No space left on device (make room on it, then run it again)" in said(capsys)
    assert sorted(path.name for path in small_disk.iterdir() if path.name != ".28_search.making") == ["fill"]
    os.truncate(fill, 0)
    trial["do"] = lambda *_: None
    assert main(call) == 0
    assert json.loads((small_disk / "28_search" / "front.json").read_text())["trials"]["finished"] == 2


def test_two_commands_on_one_database(
    call: list[str], tmp_path: Path, trial: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second one finds the trials of the first, though not their networks; with other settings it is refused."""
    shared = f"--storage=sqlite:///{tmp_path}/shared.db"
    assert main([*call, shared]) == 0
    first = json.loads((tmp_path / "28_search" / "front.json").read_text())
    other = [*call, shared, f"--out={tmp_path}/other"]
    assert main(other) == 0
    second = json.loads((tmp_path / "other" / "front.json").read_text())
    assert (second["points"], second["trials"]) == (first["points"], first["trials"])
    assert "the networks of trials 0 are on other machines" in said(capsys)
    assert list((tmp_path / "other" / "networks").iterdir()) == []
    change(tmp_path, seed=2)
    assert main(other) == 1
    assert "the database holds a search with other settings or other jets" in said(capsys)
    with sqlite3.connect(tmp_path / "shared.db") as database:
        assert database.execute("select count(*) from trials").fetchone() == (2,)
