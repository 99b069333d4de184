"""When a search, and when a training ends."""

from __future__ import annotations

import pytest

from pipeline.studies.search import budget
from pipeline.studies.search.record import Record, State, TrialMeasurement
from pipeline.studies.search.rivals import reason_to_stop
from pipeline.studies.search.settings import BudgetSettings, HopelessSettings

TWO = BudgetSettings(trials=2)


def records(*states: State, reason: str = "") -> list[Record]:
    return [Record(number, state, reason=reason) for number, state in enumerate(states)]


def test_what_was_trained_counts() -> None:
    some = records("finished", "refused", "failed", "waiting", "running")
    assert not budget.spent(some, TWO)
    assert budget.spent(some, TWO, running=True)
    assert budget.spent([*some, *records("hopeless")], TWO)
    assert not budget.spent([*some, *records("hopeless")], BudgetSettings(minutes=1))


def test_nothing_new_is_left() -> None:
    refused = records(*["refused"] * budget.REFUSALS)
    assert budget.exhausted(refused)
    assert not budget.exhausted(refused[1:])
    assert not budget.exhausted([*refused[1:], *records("hopeless")])
    assert budget.exhausted([*records("finished"), *refused, *records("running", "waiting")])
    assert budget.exhausted([*records("finished"), *refused[1:], *records("failed")])


def test_all_fail_for_one_reason() -> None:
    some = records("failed", "failed", "failed", "running", reason="no g++")
    assert budget.common_failure(some) == "no g++"
    assert budget.common_failure(some[:2]) is None
    assert budget.common_failure([*some, *records("finished")]) is None
    assert budget.common_failure([*some, *records("failed", reason="another")]) is None


def finished(number: int, estimate: int, curve: tuple[float, ...]) -> Record:
    numbers = {"auc_error": 0.0, "rejection": 1.0, "accuracy": 0.5}
    counts = {"registers": 1, "clocks": 9, "interval": 1, "parameters": 1, "estimate": estimate, "epochs": len(curve)}
    found = TrialMeasurement.model_validate(
        {"objective": curve[-1], "auc": curve[-1], "curve": curve, **numbers, **counts}
    )
    return Record(number, "finished", estimate=estimate, measured=found)


@pytest.mark.parametrize(
    ("curve", "estimate", "stops"),
    [
        ((0.70,), 1000, False),  # not yet
        ((0.70, 0.78), 1000, True),  # 0.80 after as many epochs, and not larger
        ((0.70, 0.795), 1000, False),  # within the margin
        ((0.70, 0.78), 400, False),  # cheaper than all that finished
        ((0.70, 0.88), 5000, False),  # behind the end of the large one, not behind what it had after two epochs
        ((0.70, 0.83), 5000, True),
        ((0.70, 0.83), None, True),  # no estimate: held against all
    ],
)
def test_a_training_is_given_up_that_lies_behind_what_is_not_larger(
    curve: tuple[float, ...], estimate: int | None, stops: bool
) -> None:
    others = [finished(3, 500, (0.75, 0.80, 0.82)), finished(4, 5000, (0.8, 0.85, 0.95)), Record(5, "running")]
    said = reason_to_stop(HopelessSettings(after=2, margin=0.01), curve, estimate, others)
    assert (said is not None) is stops
    assert reason_to_stop(None, curve, estimate, others) is None
    if stops and estimate == 1000:
        assert said == "0.0200 behind trial 3, which is not larger, after 2 epochs"
