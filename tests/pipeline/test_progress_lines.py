"""Progress where there is no terminal: a line now and then, by a clock that the test turns."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest

from pipeline import console, progress_lines
from pipeline.progress_lines import ProgressLines


@pytest.fixture
def time() -> list[float]:
    return [0.0]


def _lines(time: list[float], steps: int, seconds: float, total: int | None) -> list[tuple[float, str]]:
    written: list[tuple[float, str]] = []
    lines = ProgressLines("images", lambda line: written.append((time[0], line)), lambda: time[0])
    for finished in range(1, steps + 1):
        time[0] += seconds
        lines.show(finished / total if total else None, f"{finished} jets")
    return written


def test_short_work_says_nothing(time: list[float]) -> None:
    assert _lines(time, 100, 0.09, 100) == []


def test_work_of_minutes_says_a_line_every_tenth(time: list[float]) -> None:
    lines = _lines(time, 100, 2.0, 100)
    assert [line.split(": ")[1].split(",")[0] for _, line in lines] == [f"{n}%" for n in range(10, 101, 10)]
    assert lines[1] == (40.0, "images: 20%, 20 jets, 40 s so far, about 3 min left")


def test_long_work_says_a_line_every_half_minute(time: list[float]) -> None:
    lines = _lines(time, 1000, 5.0, 1_000_000)
    assert {after - before for (before, _), (after, _) in pairwise(lines)} == {30.0}


def test_work_of_unknown_length(time: list[float]) -> None:
    assert _lines(time, 20, 2.0, None) == [(30.0, "images: 15 jets, 30 s so far")]


def test_a_log_file_gets_plain_lines(
    time: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_lines.ProgressLines.__init__, "__defaults__", (lambda: time[0],))
    assert not sys.stderr.isatty()
    with console.progress("images", 30_000, "jets") as advance:
        for _ in range(30):
            time[0] += 4
            advance(1000)
    output = capsys.readouterr().err
    assert output.splitlines()[0] == "images: 10%, 3,000 of 30,000 jets, 12 s so far, about 2 min left"
    assert len(output.splitlines()) == 10
    assert all(character == "\n" or character.isprintable() for character in output)
