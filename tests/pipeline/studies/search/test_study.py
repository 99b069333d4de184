"""The database of trials: what goes on, what is shared, what is refused; with designs that are a formula."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import optuna
import pytest

from data_prep.errors import ConfigurationError
from data_prep.system.machine import DISK, MachineError
from pipeline.studies.search import study as search_study
from pipeline.studies.search.networks import RefusedError
from pipeline.studies.search.record import Record, TrialMeasurement
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Point, Space
from pipeline.studies.search.study import Study
from pipeline.studies.search.trial import HopelessError, Note
from tests.pipeline.studies.search.designs import measured

BASE = {"model": {"filters": 4, "bits": 6, "kind": "a"}}
SPACE = {"model.filters": {"from": 1, "to": 8}, "model.bits": [2, 4, 6, 8], "model.kind": ["a", "b"]}


def settings(**change: Any) -> SearchSettings:
    given = {"budget": {"trials": 9}, "population": 4, "constraints": {"lut": 40}, "space": SPACE}
    return SearchSettings.model_validate(given | change)


def measure(number: int, point: Point, others: Sequence[Record], note: Note) -> TrialMeasurement:
    """More filters and bits are better, and cost more."""
    size = int(point["model.filters"]) * int(point["model.bits"])
    auc = 1 - 1 / (1 + size) - 0.1 * (point["model.kind"] == "b")
    return measured(auc, size, int(point["model.bits"]))


def opened(folder: Path, what: SearchSettings | None = None, name: str = "same", **options: Any) -> Study:
    what = what or settings()
    return Study(f"sqlite:///{folder}/study.db", what, Space.of(what.space, BASE), name, **options)


def test_the_files_are_first_then_what_is_to_be_tried(tmp_path: Path) -> None:
    study = opened(tmp_path, settings(starts=[{"model.bits": 8}]))
    for _ in range(3):
        study.step(measure, 0)
    first, second, _ = study.records()
    assert (first.start, dict(first.point)) == ("files", {"model.filters": 4, "model.bits": 6, "model.kind": "a"})
    assert (second.start, second.point["model.bits"]) == ("starts.0", 8)
    assert first.measured is not None
    assert first.measured.estimate == 24


@pytest.mark.parametrize("sampler", ["nsga2", "tpe"])
def test_one_that_was_interrupted_draws_what_one_that_ran_through_draws(tmp_path: Path, sampler: str) -> None:
    what = settings(sampler=sampler)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = opened(tmp_path / "a", what)
    for _ in range(9):
        whole.step(measure, 0)
    for count in (4, 5):
        again = opened(tmp_path / "b", what)
        for _ in range(count):
            again.step(measure, 0)
    assert [each.point for each in whole.records()] == [each.point for each in again.records()]
    assert len({str(each.point) for each in whole.records()}) > 4


def test_evolution_comes_to_the_limits(tmp_path: Path) -> None:
    """Of 32 pairs of the grid 10 take at most 12 LUTs."""
    study = opened(tmp_path, settings(constraints={"lut": 12}))
    for _ in range(24):
        study.step(measure, 0)
    inside = [each.measured.estimate <= 12 for each in study.records() if each.measured]
    assert sum(inside[12:]) > 2 * sum(inside[:6])


def test_what_ends_a_trial_is_kept_and_the_study_goes_on(tmp_path: Path) -> None:
    study = opened(tmp_path)
    errors = [RefusedError("too large"), HopelessError("far behind"), ZeroDivisionError("by zero"), OSError(5, "odd")]

    def broken(number: int, *_: Any) -> TrialMeasurement:
        raise errors[number]

    for _ in errors:
        study.step(broken, 0)
    study.step(measure, 0)
    found = [(each.state, each.reason) for each in study.records()]
    assert found == [
        ("refused", "too large"),
        ("hopeless", "far behind"),
        ("failed", "ZeroDivisionError: by zero"),
        ("failed", "OSError: [Errno 5] odd"),
        ("finished", ""),
    ]


def _raises(error: BaseException) -> Callable[..., TrialMeasurement]:
    def run(*_: Any) -> TrialMeasurement:
        raise error

    return run


def test_an_interrupted_trial_is_run_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        opened(tmp_path).step(_raises(KeyboardInterrupt()), 0)
    study = opened(tmp_path)
    study.step(measure, 0)
    first, again = study.records()
    assert (first.state, first.reason) == ("failed", "interrupted")
    assert (again.state, again.start, again.point) == ("finished", "files", first.point)


def test_a_full_disk_ends_the_worker_and_not_the_study(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="No space") as caught:
        opened(tmp_path).step(_raises(OSError(errno.ENOSPC, "No space left on device")), 0)
    assert caught.value.lack == DISK
    study = opened(tmp_path)
    study.step(measure, 0)
    assert [each.state for each in study.records()] == ["failed", "finished"]


def test_a_database_without_room_is_a_full_disk(tmp_path: Path) -> None:
    study = opened(tmp_path)
    size = (tmp_path / "study.db").stat().st_size

    def fill(*arguments: Any) -> TrialMeasurement:
        arguments[3](long="x" * 2 * size)
        return measure(*arguments)

    from sqlalchemy import event

    def small(connection: sqlite3.Connection, _: Any) -> None:
        connection.execute(f"pragma max_page_count = {size // 4096 + 2}")

    event.listen(study.engine, "connect", small)
    study.engine.dispose()
    with pytest.raises(MachineError, match="No space") as caught:
        study.step(fill, 0)
    assert caught.value.lack == DISK
    opened(tmp_path).step(measure, 0)


def test_a_trial_of_a_dead_worker_is_run_again(tmp_path: Path) -> None:
    class Killed(BaseException):
        """What ends a process without a word."""

    study = opened(tmp_path, heartbeat=(1, 1))
    with pytest.raises(Killed):
        study.step(_raises(Killed()), 0)
    assert [each.state for each in study.records()] == ["running"]
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute("update trial_heartbeats set heartbeat = '2000-01-01 00:00:00'")
    study.revive()
    first, again = study.records()
    assert (first.state, first.reason) == ("failed", "its worker died")
    assert (again.state, again.start) == ("waiting", "files")
    study.step(measure, 0)
    assert [each.state for each in study.records()] == ["failed", "finished"]


def test_two_of_the_same_settings_share_a_database(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    for _ in range(3):
        one.step(measure, 0)
        two.step(measure, 1)
    assert [each.number for each in one.records()] == list(range(6))
    assert [each.start for each in two.records()].count("files") == 1


def test_two_at_the_same_time(tmp_path: Path) -> None:
    """Both have a trial running before either of them ends; no trial is lost, doubled or taken by both."""
    both, ran = Barrier(2, timeout=60), list[tuple[int, int]]()

    def search(worker: int) -> None:
        def run(number: int, *rest: Any) -> TrialMeasurement:
            if len(ran) < 2:
                both.wait()
            ran.append((number, worker))
            return measure(number, *rest)

        both.wait()  # and both make the database
        study = opened(tmp_path)
        for _ in range(5):
            study.step(run, worker)

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(search, worker) for worker in (0, 1)]:
            each.result()
    records = opened(tmp_path).records()
    assert [(each.number, each.state) for each in records] == [(number, "finished") for number in range(10)]
    assert sorted(number for number, _ in ran) == list(range(10))
    assert {worker for _, worker in ran[:2]} == {0, 1}
    assert [each.start for each in records].count("files") == 1


def test_the_first_designs_are_added_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes the first command to add them, the second waits; not for ever, where the first died."""
    add = optuna.Study.enqueue_trial

    def slow(*given: Any, **how: Any) -> None:
        time.sleep(0.5)
        add(*given, **how)

    monkeypatch.setattr(optuna.Study, "enqueue_trial", slow)
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(opened, tmp_path) for _ in range(2)]:
            each.result()
    names = [each.start for each in opened(tmp_path).records()]
    assert names.count("files") == 1

    monkeypatch.setattr(search_study, "CLAIMED", 0.2)
    monkeypatch.setattr(optuna.Study, "enqueue_trial", _interrupted)
    (tmp_path / "died").mkdir()
    with pytest.raises(KeyboardInterrupt):
        opened(tmp_path / "died")
    monkeypatch.setattr(optuna.Study, "enqueue_trial", add)
    assert [each.start for each in opened(tmp_path / "died").records()] == names


def _interrupted(*given: Any, **how: Any) -> None:
    raise KeyboardInterrupt


def test_other_settings_are_refused(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(ConfigurationError, match="another|other settings"):
        opened(tmp_path, name="other")


def test_a_database_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("no database at all, but a text that is long enough to be looked at" * 9)
    with pytest.raises(ConfigurationError, match="the database sqlite:.* cannot be used: .*not a database"):
        opened(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Study("no://url", settings(), Space.of(SPACE and settings().space, BASE), "x")
