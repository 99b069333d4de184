"""The line on the terminal while a search runs."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from pipeline.search.front import front_of
from pipeline.search.record import Record
from pipeline.search.settings import BudgetSettings, ConstraintSettings


class Bar:
    """How much of the budget is spent, and what was found.

    Args:
        budget: when it ends.
    """

    def __init__(self, budget: BudgetSettings) -> None:
        self._budget = budget
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("searching", total=1.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, records: Sequence[Record], limits: ConstraintSettings, seconds: float) -> None:
        """Say where the search is."""
        trained = sum(each.trained for each in records)
        shares = [
            done / whole
            for done, whole in (
                (trained, self._budget.trials),
                (seconds / 60, self._budget.minutes),
            )
            if whole
        ]
        self._progress.update(self._task, completed=max(shares), description=words(records, limits))


def words(records: Sequence[Record], limits: ConstraintSettings) -> str:
    """What was found so far, in words."""
    states = [each.state for each in records]
    counts = [f"{states.count('finished')} trained"]
    for state, word in (("hopeless", "given up"), ("refused", "refused"), ("failed", "failed")):
        if number := states.count(state):  # type: ignore[arg-type]
            counts.append(f"{number} {word}")
    text = ", ".join(counts)
    front = front_of(records, limits)
    if not front or front[0].measured is None:
        return text
    best = front[0].measured
    return f"{text}; {len(front)} on the front, best AUC {best.auc:.4f} at {best.estimate:,} LUT, {best.clocks} clocks"
