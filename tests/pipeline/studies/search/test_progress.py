"""What the terminal says while a search runs."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.studies.search.progress import spent, words
from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import BudgetSettings, ConstraintSettings
from tests.pipeline.studies.search.designs import design

LIMITS = ConstraintSettings(lut=10_000, clocks=20)
RECORDS = [
    design(0, 0.81234, 9_876, 14),
    design(1, 0.92, 12_000),  # above the limit
    design(2, 0.7, 1_234),
    Record(3, "hopeless", reason="behind"),
    *(Record(number, "refused", reason="too large") for number in (4, 5)),
    Record(6, "failed", reason="odd"),
    Record(7, "running"),
    Record(8, "waiting"),
]


def test_what_was_found_in_words() -> None:
    found = "3 trained, 1 given up, 2 refused, 1 failed; 2 on the front, best AUC 0.8123 at 9,876 LUT, 14 clocks"
    assert words(RECORDS, LIMITS) == found
    assert words(RECORDS[1:2], LIMITS) == "1 trained", "nothing within the limits"
    assert words([], LIMITS) == "0 trained"


@pytest.mark.parametrize(
    ("budget", "seconds", "share"),
    [
        ({"trials": 16}, 500.0, 4 / 16),  # three trained to the end, one until it was hopeless
        ({"minutes": 10}, 150.0, 1 / 4),
        ({"trials": 16, "minutes": 10}, 150.0, 1 / 4),
        ({"trials": 16, "minutes": 10}, 450.0, 3 / 4),  # the first that is reached ends it
    ],
)
def test_how_much_of_the_budget_is_spent(budget: dict[str, Any], seconds: float, share: float) -> None:
    assert spent(RECORDS, BudgetSettings.model_validate(budget), seconds) == pytest.approx(share)
