"""A search from its first trial to the confirmed front."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import PipelineError
from pipeline import console, interruption
from pipeline.artefacts.json_file import write_json
from pipeline.studies.search import budget, results
from pipeline.studies.search.confirm import Confirmed, confirm
from pipeline.studies.search.front import excess, front_of, nearest
from pipeline.studies.search.networks import model_file
from pipeline.studies.search.progress import Bar
from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Space
from pipeline.studies.search.study import Study
from pipeline.studies.search.workers import Crew, Job

DATABASE = "study.db"
"""Where trials are kept where no other database is named."""
TABLE = 50
"""Trials after which the live files are written anew though all were refused."""
POLL = 1.0
"""Seconds between two looks at the database."""


@dataclass
class Search:
    """A search on this machine.

    Attributes:
        settings: search.yaml.
        space: the search space.
        job: what its workers do.
        study: its trials.
        workers: how many processes.
    """

    settings: SearchSettings
    space: Space
    job: Job
    study: Study
    workers: int

    @property
    def _clock(self) -> Path:
        return self.job.work / "seconds.json"

    def run(self) -> list[Record]:
        """Run trials until the budget is spent; what is known is written beside the database after every trial.

        Raises:
            PipelineError: every trial fails for the same reason, or workers keep dying.
            MachineError: a full disk.
        """
        before = self._before()
        begin = time.monotonic()
        seen = (-1, -1)
        with Crew(self.job, self.workers) as crew, Bar(self.settings.budget) as bar:
            while True:
                records = self.study.records()
                seconds = before + time.monotonic() - begin
                ended = sum(record.state not in ("waiting", "running") for record in records)
                refused = sum(record.state == "refused" for record in records)
                if seen != (ended - refused, ended // TABLE):
                    seen = (ended - refused, ended // TABLE)
                    results.write(self.job.work, records, self.settings, {}, seconds)
                write_json(self._clock, round(seconds, 1))
                bar.show(records, self.settings.constraints, seconds)
                if self._over(records, seconds):
                    break
                crew.mend(ended, replace=not budget.spent(records, self.settings.budget, running=True))
                interruption.check()
                time.sleep(POLL)
                self.study.revive()
        write_json(self._clock, round(seconds, 1))
        records = self.study.records()
        results.write(self.job.work, records, self.settings, {}, seconds)
        return records

    def _before(self) -> float:
        """Seconds that earlier runs of the command took."""
        with suppress(OSError, ValueError):
            return float(json.loads(self._clock.read_text(encoding="utf-8")))
        return 0.0

    def _over(self, records: Sequence[Record], seconds: float) -> bool:
        """Whether to stop.

        Raises:
            PipelineError: every trial fails for the same reason.
        """
        if (reason := budget.common_failure(records)) is not None:
            raise PipelineError(f"every trial fails: {reason}")
        minutes = self.settings.budget.minutes
        if minutes is not None and seconds >= 60 * minutes:
            return True
        if budget.exhausted(records):
            console.warn(
                f"the last {budget.REFUSALS} designs were refused, or failed: there may be no more designs that fit"
            )
            return True
        return budget.spent(records, self.settings.budget)

    def confirmed(self, records: Sequence[Record]) -> dict[int, Confirmed]:
        """Synthesise designs of the front, and of the one with a little more LUTs, and the hand-made one."""
        limits = self.settings.constraints
        wider = limits.model_copy(update={"lut": limits.lut and round((1 + self.settings.confirm.beyond) * limits.lut)})
        chosen = {record.number: record for record in (*front_of(records, limits), *front_of(records, wider))}
        base = results.hand_made(records)
        number = self.settings.confirm.points - (base is not None and base.number not in chosen)
        designs = spread(sorted(chosen.values(), key=_objective), number)
        if base is not None and base.number not in chosen:
            designs.append(base)
        # The best one is what was asked for; of the others the cheap ones are done soon.
        top = max(designs, key=_objective, default=None)
        designs.sort(key=lambda record: (record is not top, _estimate(record)))
        with console.progress("synthesising the front", len(designs), "designs") as advance:
            confirmed, reason = confirm(designs, self.settings, self.space, self.job.work, self.workers, advance)
        if reason:
            console.warn(f"not all of the front was synthesised: {reason}")
        return confirmed

    def leave(self, folder: Path, records: Sequence[Record], confirmed: dict[int, Confirmed]) -> None:
        """Write the results into the artefact: front, table, figure, the networks of the front, the database.

        Raises:
            PipelineError: no design is within the limits.
        """
        front = results.best(records, self.settings, confirmed)
        if not front:
            raise PipelineError(_none(results.judged(records, confirmed), self.settings))
        results.write(folder, records, self.settings, confirmed, self._before())
        networks = self.job.work / "networks"
        networks.mkdir(exist_ok=True)
        # All of them: a search that goes on inherits from any, and what is on its front then was perhaps not before.
        shutil.copytree(networks, folder / "networks", ignore=shutil.ignore_patterns(".*"))
        base = results.hand_made(records)
        shown = {record.number for record in front} | ({base.number} if base else set())
        missing = [str(number) for number in sorted(shown) if not model_file(folder, number).exists()]
        if missing:
            console.warn(f"the networks of trials {', '.join(missing)} are on other machines")
        shutil.copyfile(self._clock, folder / self._clock.name)
        if (database := self.job.work / DATABASE).exists():
            # A copy of the file alone would lack what SQLite keeps beside it.
            with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(folder / DATABASE)) as target:
                source.backup(target)


def spread(designs: Sequence[Record], number: int) -> list[Record]:
    """So many of some designs, evenly spread from the first to the last.

    >>> [each.number for each in spread([Record(n, "finished") for n in range(9)], 3)]
    [0, 4, 8]
    """
    if number >= len(designs):
        return list(designs)
    if number < 2:
        return list(designs[len(designs) - max(number, 0) :])
    return [designs[round(i * (len(designs) - 1) / (number - 1))] for i in range(number)]


def _objective(record: Record) -> float:
    return record.measured.objective if record.measured else 0.0


def _estimate(record: Record) -> int:
    return record.measured.estimate if record.measured else 0


def _none(records: Sequence[Record], settings: SearchSettings) -> str:
    """That nothing fits, and which design was nearest by how much."""
    best = nearest(records, settings.constraints)
    if best is None or best.measured is None:
        return f"no design was trained to the end; {_reasons(records)}"
    measured, over = best.measured, excess(best.measured, settings.constraints)
    words = [
        f"{share:.0%} too many {name} ({value:,})"
        for share, name, value in zip(
            over,
            ("LUTs", "clocks", "clocks per image"),
            (measured.estimate, measured.clocks, measured.interval),
            strict=True,
        )
        if share
    ]
    return f"no design is within the limits; the nearest, trial {best.number}, has {' and '.join(words)}"


def _reasons(records: Sequence[Record]) -> str:
    """What became of trials that found nothing, and the reason that most of them have."""
    states = Counter(record.state for record in records if record.state not in ("waiting", "running"))
    if not states:
        return "no trial finished in the given time"
    counts = ", ".join(f"{number} {state}" for state, number in states.most_common())
    reasons = Counter(record.reason for record in records if record.reason).most_common(1)
    return f"of its trials {counts}" + (f"; most often: {reasons[0][0]}" if reasons else "")
