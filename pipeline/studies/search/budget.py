"""When a search ends: its budget is spent, nothing new is left to try, or every trial fails for the same reason."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import BudgetSettings

REFUSALS = 300
"""Designs refused, or failed, one after the other after which the space counts as exhausted."""
FAILURES = 3
"""Trials that fail for one reason, none having ended otherwise, after which it is that of the next ones too."""


def spent(records: Sequence[Record], budget: BudgetSettings, *, running: bool = False) -> bool:
    """Whether enough designs were trained, those that are `running` counted or not."""
    if budget.trials is None:
        return False
    return sum(record.trained or (running and record.state == "running") for record in records) >= budget.trials


def exhausted(records: Sequence[Record]) -> bool:
    """Whether the last many trials were all refused, or failed: the sampler finds nothing new that may fit."""
    ended = [record for record in records if record.state not in ("waiting", "running")]
    return len(ended) >= REFUSALS and all(record.state in ("refused", "failed") for record in ended[-REFUSALS:])


def common_failure(records: Sequence[Record]) -> str | None:
    """The reason for which every trial fails; None where some do not, or there are few yet."""
    ended = [record for record in records if record.state not in ("waiting", "running")]
    reasons = {record.reason for record in ended}
    if len(ended) < FAILURES or any(record.state != "failed" for record in ended) or len(reasons) > 1:
        return None
    return reasons.pop()
