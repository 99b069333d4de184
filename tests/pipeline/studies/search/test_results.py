"""What a search leaves: by numbers that are known beforehand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.plots import search as plot
from pipeline.studies.search import results
from pipeline.studies.search.confirm import Confirmed
from pipeline.studies.search.record import HAND_MADE, Record, TrialMeasurement
from pipeline.studies.search.run import spread
from pipeline.studies.search.settings import SearchSettings

SETTINGS = SearchSettings.model_validate(
    {"budget": {"trials": 9}, "constraints": {"lut": 1000}, "space": {"model.blocks.0.filters": [1]}}
)


def design(number: int, auc: float, estimate: int, start: str = "") -> Record:
    numbers = {"objective": auc, "auc": auc, "auc_error": 0.002, "rejection": 2.5, "accuracy": 0.5}
    counts = {"estimate": estimate, "registers": 77, "clocks": 9, "interval": 1, "parameters": 50}
    found = TrialMeasurement.model_validate(numbers | counts | {"curve": (auc,), "epochs": 1})
    point = {"model.blocks.0.filters": number}
    return Record(number, "finished", point=point, start=start, measured=found, seconds={"float": 1.5})


def counted(lut: int) -> Confirmed:
    return Confirmed(lut=lut, ff=400, carry=30, flattened=True, tool="yosys 1", variant=0, clocks=9)


RECORDS = [
    design(0, 0.80, 1200, HAND_MADE),
    design(1, 0.85, 900),
    design(2, 0.90, 990),
    design(3, 0.70, 500),
    design(4, 0.91, 1040),
    Record(5, "refused", reason="too large"),
    Record(6, "failed", reason="a, b\nc"),
]


def test_estimates_count_until_synthesis_has() -> None:
    found = results.content(RECORDS, SETTINGS, {}, 90.4)
    assert [each["trial"] for each in found["points"]] == [2, 1, 3]
    assert found["points"][0] | {"point": {}} == {
        "trial": 2,
        "point": {},
        "macro_auc": 0.90,
        "macro_auc_error": 0.002,
        "log_rejection": 2.5,
        "accuracy": 0.5,
        "lut_estimate": 990,
        "lut": None,
        "ff": None,
        "carry": None,
        "flattened": None,
        "tool": None,
        "clocks": 9,
        "interval": 1,
        "parameters": 50,
        "epochs": 1,
        "within": True,
    }
    assert (found["hand_made"]["trial"], found["hand_made"]["within"]) == (0, False)
    assert found["trials"] == {"failed": 1, "finished": 5, "refused": 1}
    assert (found["seconds"], found["synthesised_to_estimate"]) == (90, None)


def test_synthesis_moves_designs_over_the_limit() -> None:
    """Trial 4 turns out to be smaller, trial 2 larger; trial 1, not counted, is taken to be as much larger."""
    found = results.content(RECORDS, SETTINGS, {2: counted(1010), 3: counted(510), 4: counted(999)}, 0)
    assert found["synthesised_to_estimate"] == pytest.approx(1.02)
    assert [(each["trial"], each["lut"]) for each in found["points"]] == [(4, 999), (1, None), (3, 510)]
    assert found["points"][1]["lut_estimate"] == 900


def test_the_volume_in_units_of_the_hand_made_design() -> None:
    """Of trial 2 alone: the objective 0.9 / 0.8 - 1, LUTs 1 - 990 / 1200, clocks not better: nothing."""
    assert results.volume(RECORDS[2:3], RECORDS[0]) == 0
    assert RECORDS[2].measured is not None
    faster = Record(2, "finished", measured=RECORDS[2].measured.model_copy(update={"clocks": 6}))
    assert results.volume([faster], RECORDS[0]) == pytest.approx(0.125 * 0.175 * 1 / 3)
    assert results.volume([faster], None) is None


def test_the_table_has_all_trials() -> None:
    rows = list(csv.DictReader(io.StringIO(results.table(RECORDS))))
    assert [row["trial"] for row in rows] == [str(n) for n in range(7)]
    assert (rows[1]["auc"], rows[1]["s_float"], rows[1]["model.blocks.0.filters"]) == ("0.85", "1.5", "1")
    assert (rows[6]["state"], rows[6]["reason"], rows[6]["auc"]) == ("failed", "a, b\nc", "")


def test_files_are_whole_and_the_same_for_the_same_trials(tmp_path: Path) -> None:
    results.write(tmp_path, RECORDS, SETTINGS, {}, 3)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    results.write(tmp_path, RECORDS, SETTINGS, {}, 3)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
    assert set(first) == {"front.json", "front.svg", "trials.csv"}
    assert json.loads(first["front.json"])["points"][0]["trial"] == 2
    results.write(tmp_path, [Record(0, "running")], SETTINGS, {}, 3)


def test_designs_to_synthesise_are_spread_over_the_front() -> None:
    assert [each.number for each in spread(RECORDS, 3)] == [0, 3, 6]
    assert [each.number for each in spread(RECORDS, 1)] == [6]
    assert spread(RECORDS, 0) == []
    assert spread(RECORDS, 99) == RECORDS


@pytest.mark.parametrize("file", ["front.json", "trials.csv", "front.svg"])
def test_a_disk_that_fills_leaves_the_file_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    """Half of a file is written when there is no more room: who reads it finds the whole one of before."""
    results.write(tmp_path, RECORDS[:2], SETTINGS, {}, 3)
    before = (tmp_path / file).read_bytes()
    write_text = Path.write_text

    def full(path: Path, text: str, **options: Any) -> int:
        if file not in path.name:
            return write_text(path, text, **options)
        write_text(path, text[: len(text) // 2], **options)
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        results.write(tmp_path, RECORDS, SETTINGS, {}, 3)
    assert (tmp_path / file).read_bytes() == before
    monkeypatch.undo()
    results.write(tmp_path, RECORDS, SETTINGS, {}, 3)
    assert (tmp_path / file).read_bytes() != before
    assert not [path.name for path in tmp_path.iterdir() if path.name not in ("front.json", "trials.csv", "front.svg")]


def test_the_figure_has_the_trials_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Front, others and hand-made design, with LUTs as synthesised where they are and as estimated elsewhere."""
    drawn: list[Any] = []
    draw: Callable[..., Any] = plot.pareto_front
    monkeypatch.setattr(plot, "pareto_front", lambda *given: drawn.append(given) or draw(*given))
    results.write(tmp_path, RECORDS, SETTINGS, {2: counted(1010), 3: counted(510), 4: counted(999)}, 0)
    front, others, base, limits = drawn[0]
    rows = [(999, 0.91, 0.002, 9, True, True), (900, 0.85, 0.002, 9, False, True), (510, 0.70, 0.002, 9, True, True)]
    assert front == rows
    assert others == [(1200, 0.80, 0.002, 9, False, False), (1010, 0.90, 0.002, 9, True, False)]
    assert (base, limits) == ((1200, 0.80, 0.002, 9, False, False), {"lut": 1000, "clocks": None, "interval": None})
