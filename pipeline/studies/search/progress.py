"""The line on the terminal while a search runs; a line now and then where there is no terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from pipeline import console
from pipeline.progress_lines import ProgressLines
from pipeline.studies.search.front import front_of
from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import BudgetSettings, ConstraintSettings


class Bar:
    """How much of the budget is spent, and what was found.

    Args:
        budget: when it ends.
    """

    def __init__(self, budget: BudgetSettings) -> None:
        self._budget = budget
        self._lines = ProgressLines("search", console.say)
        self._progress: Progress | None = None
        if console.interactive() and console.level() > console.Level.QUIET:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task("searching", total=1.0)

    def __enter__(self) -> Self:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def show(self, records: Sequence[Record], limits: ConstraintSettings, seconds: float) -> None:
        """Say where the search is."""
        share, text = spent(records, self._budget, seconds), words(records, limits)
        if self._progress:
            self._progress.update(self._task, completed=share, description=text)
        else:
            self._lines.show(share, text)


def spent(records: Sequence[Record], budget: BudgetSettings, seconds: float) -> float:
    """How much of the budget is spent: of trials or time, whichever is nearer to its end; 1 is all."""
    trained = sum(record.trained for record in records)
    parts = ((trained, budget.trials), (seconds / 60, budget.minutes))
    return max(done / whole for done, whole in parts if whole)


def words(records: Sequence[Record], limits: ConstraintSettings) -> str:
    """What was found so far, in words."""
    states = [record.state for record in records]
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
