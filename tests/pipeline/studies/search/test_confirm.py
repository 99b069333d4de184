"""The front through synthesis: in which order, for how long, and what remains where it fails. Synthesis is made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data_prep.errors import PipelineError, ToolNotFoundError
from hls_projects.rtl.forms import assemble
from hls_projects.rtl.synthesis import synthesis, yosys
from models.files import load
from pipeline.studies.search import confirm as module
from pipeline.studies.search import results, run
from pipeline.studies.search.confirm import Confirmed, confirm
from pipeline.studies.search.record import HAND_MADE, Record
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Space
from tests.pipeline.studies.search.designs import design

LUTS = {0: (1300, 1250), 1: (940, 990), 2: (1030, 1010), 3: (480, 490)}
"""Of both variants, by trial."""
RECORDS = [
    design(0, 0.80, 1200, start=HAND_MADE),
    design(1, 0.85, 900),
    design(2, 0.90, 990),
    design(3, 0.70, 500),
    design(4, 0.60, 700),  # not on the front
    Record(5, "failed", reason="odd"),
]


def settings(**confirm: Any) -> SearchSettings:
    given = {"budget": {"trials": 9}, "constraints": {"lut": 1000}, "space": {"model.blocks.0.filters": [1]}}
    return SearchSettings.model_validate(given | {"confirm": confirm})


class Workshop:
    """What confirm calls, each call taking a second of a clock of its own.

    Attributes:
        trials: whose synthesis began, in order.
        flattened: whether the last one was flattened.
        fails: by trial.
        seconds: on the clock.
        second: what one synthesis takes.
    """

    def __init__(self) -> None:
        self.trials: list[int] = []
        self.flattened: list[bool] = []
        self.fails: dict[int, Exception] = {}
        self.seconds, self.second = 0.0, 1.0

    def load(self, path: Path) -> int:
        self.trials.append(int(path.stem))
        return self.trials[-1]

    def build(self, trial: int, _: str, __: Any, variant: Any, folder: Path, *___: Any) -> Any:
        folder.mkdir()
        (folder / "trial").write_text(str(trial))
        estimate = 50_000 if variant.saturation == "bits" else synthesis.FLATTENED_LARGEST + 1
        return SimpleNamespace(estimate=estimate, design=SimpleNamespace(latency=7 + int(folder.name)))

    def synthesise(self, folder: Path, _: Path, *, flatten: bool, **__: Any) -> Any:
        trial, variant = int((folder / "trial").read_text()), int(folder.name)
        self.seconds += self.second
        self.flattened.append(flatten)
        if trial in self.fails:
            raise self.fails[trial]
        lut = LUTS[trial][variant]
        return SimpleNamespace(lut=lut, ff=10 * trial, carry=variant, flattened=flatten, tool="yosys 1")


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workshop:
    made = Workshop()
    (tmp_path / "networks").mkdir()
    variants = [SimpleNamespace(saturation="bits"), SimpleNamespace(saturation="compare")]
    rtl = SimpleNamespace(variants=variants, synthesis_seconds=9)
    files = SimpleNamespace(hardware=SimpleNamespace(rtl=rtl, name="found", builder=None))
    monkeypatch.setattr(module, "files_of", lambda _: files)
    monkeypatch.setattr(module, "hardware_network", lambda model, _: model)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: made.seconds))
    monkeypatch.setattr(load, "load_model", made.load)
    monkeypatch.setattr(assemble, "write_design", made.build)
    monkeypatch.setattr(synthesis, "synthesise", made.synthesise)
    monkeypatch.setattr(yosys, "yosys_version", lambda: "yosys 1")
    return made


def confirmed(folder: Path, designs: Sequence[Record], **how: Any) -> tuple[dict[int, Confirmed], str, list[int]]:
    what, done = settings(**how), list[int]()
    space = Space.of(what.space, {"model": {"blocks": [{"filters": 1}]}})
    return *confirm(designs, what, space, folder, 1, done.append), done


def test_the_smallest_variant_counts(workshop: Workshop, tmp_path: Path) -> None:
    found, reason, done = confirmed(tmp_path, [RECORDS[2], RECORDS[3]])
    assert (reason, done, workshop.trials) == ("", [1, 1], [2, 3])
    rows = {trial: (each.lut, each.variant, each.clocks, each.flattened) for trial, each in found.items()}
    assert rows == {2: (1010, 1, 8, False), 3: (480, 0, 7, True)}
    assert workshop.flattened == [True, False] * 2, "what is too large to be flattened is not"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["2.synthesis.json", "3.synthesis.json", "networks"]


def test_no_more_than_it_is_given(workshop: Workshop, tmp_path: Path) -> None:
    assert confirmed(tmp_path, RECORDS[:3], points=2)[0].keys() == {0, 1}


def test_what_was_counted_is_not_counted_again(workshop: Workshop, tmp_path: Path) -> None:
    confirmed(tmp_path, [RECORDS[2]])
    found, _, done = confirmed(tmp_path, [RECORDS[3], RECORDS[2]])
    assert (workshop.trials, sorted(found), done) == ([2, 3], [2, 3], [1, 1])


def test_none_is_begun_after_its_minutes(workshop: Workshop, tmp_path: Path) -> None:
    """Two variants of 25 s each: the third design would begin at 100 s of 90."""
    workshop.second = 25
    found, reason, _ = confirmed(tmp_path, [RECORDS[2], RECORDS[3], RECORDS[1]], minutes=1.5)
    assert (workshop.trials, sorted(found)) == ([2, 3], [2, 3])
    assert reason == "trial 1: the time for synthesis ran out"


def test_what_fails_keeps_its_estimate_and_says_so(
    workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.fails = {2: PipelineError("yosys refuses the design: odd"), 1: PipelineError("another")}
    what = settings()
    space = Space.of(what.space, {"model": {"blocks": [{"filters": 1}]}})
    job: Any = SimpleNamespace(work=tmp_path)
    study: Any = None
    found = run.Search(what, space, job, study, workers=1).confirmed(RECORDS)
    assert sorted(found) == [0, 3]
    assert "not all of the front was synthesised: trial 2: yosys refuses the design: odd" in capsys.readouterr().err
    rows = {each["trial"]: each for each in results.content(RECORDS, what, found, 0)["points"]}
    assert (rows[2]["lut"], rows[2]["lut_estimate"], rows[2]["tool"]) == (None, 990, None)
    assert (rows[3]["lut"], rows[3]["lut_estimate"], rows[3]["tool"]) == (480, 500, "yosys 1")


def test_the_best_first_then_the_cheapest(workshop: Workshop, tmp_path: Path) -> None:
    """Trial 2 is the best; then by estimate, the hand-made one, which is above the limit, among them."""
    space = Space.of(settings().space, {"model": {"blocks": [{"filters": 1}]}})
    job: Any = SimpleNamespace(work=tmp_path)
    study: Any = None
    run.Search(settings(), space, job, study, workers=1).confirmed(RECORDS)
    assert workshop.trials == [2, 3, 1, 0]


def test_without_yosys_estimates_remain(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed(tmp_path, [RECORDS[3]])

    def none() -> str:
        raise ToolNotFoundError("no yosys")

    monkeypatch.setattr(yosys, "yosys_version", none)
    found, reason, _ = confirmed(tmp_path, [RECORDS[2], RECORDS[3]])
    assert (sorted(found), reason) == ([3], "no yosys")


def test_a_full_disk_is_no_reason_to_go_on(workshop: Workshop, tmp_path: Path) -> None:
    """It ends the command; what was counted before is kept for the next one."""
    workshop.fails = {3: OSError(28, "No space left on device")}
    with pytest.raises(OSError, match="No space left"):
        confirmed(tmp_path, [RECORDS[2], RECORDS[3]])
    kept = json.loads((tmp_path / "networks" / "2.synthesis.json").read_text())
    assert (kept["lut"], kept["clocks"]) == (1010, 8)
    assert not (tmp_path / "networks" / "3.synthesis.json").exists()
