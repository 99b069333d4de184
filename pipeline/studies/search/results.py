"""What a search leaves: the front as JSON and as a figure, and all trials as a table; live while it runs."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_prep.system.whole import whole_file
from pipeline.studies.search.confirm import Confirmed
from pipeline.studies.search.front import costs_of, front_of, hypervolume
from pipeline.studies.search.record import HAND_MADE, Record, TrialMeasurement
from pipeline.studies.search.settings import SearchSettings

FIGURES = tuple(name for name in TrialMeasurement.model_fields if name != "curve")
"""What the table says of a finished trial."""


def hand_made(records: Sequence[Record]) -> Record | None:
    """The finished trial of the files as they are."""
    return next((record for record in records if record.start == HAND_MADE and record.measured is not None), None)


def content(
    records: Sequence[Record], settings: SearchSettings, confirmed: Mapping[int, Confirmed], seconds: float
) -> dict[str, Any]:
    """The content of `front.json`."""
    front = best(records, settings, confirmed)
    states = [record.state for record in records]
    base = hand_made(records)
    return {
        "seed": settings.seed,
        "objective": settings.objective,
        "constraints": settings.constraints.model_dump(),
        "trials": {state: states.count(state) for state in sorted(set(states))},
        "seconds": round(seconds),
        "hand_made": None if base is None else described(base, settings, confirmed),
        "points": [described(record, settings, confirmed) | {"within": True} for record in front],
        "hypervolume": volume(front, base),
        "synthesised_to_estimate": ratio(records, confirmed),
    }


def ratio(records: Sequence[Record], confirmed: Mapping[int, Confirmed]) -> float | None:
    """The median ratio of synthesised to estimated LUTs; none where nothing was synthesised."""
    ratios = [
        confirmed[record.number].lut / record.measured.estimate
        for record in records
        if record.measured is not None and record.number in confirmed and record.measured.estimate
    ]
    return statistics.median(ratios) if ratios else None


def judged(records: Sequence[Record], confirmed: Mapping[int, Confirmed]) -> list[Record]:
    """The trials with LUTs and clocks as synthesis counts them, or as it would by its median ratio to the estimate."""
    scale = ratio(records, confirmed) or 1.0
    corrected = []
    for record in records:
        if record.measured is not None:
            counted = confirmed.get(record.number)
            lut = counted.lut if counted else round(scale * record.measured.estimate)
            clocks = counted.clocks if counted else record.measured.clocks
            record = replace(record, measured=record.measured.model_copy(update={"estimate": lut, "clocks": clocks}))
        corrected.append(record)
    return corrected


def best(records: Sequence[Record], settings: SearchSettings, confirmed: Mapping[int, Confirmed]) -> list[Record]:
    """The front within the constraints, as far as synthesis has counted; the best first."""
    by_number = {record.number: record for record in records}
    return [by_number[record.number] for record in front_of(judged(records, confirmed), settings.constraints)]


def described(record: Record, settings: SearchSettings, confirmed: Mapping[int, Confirmed]) -> dict[str, Any]:
    """One design as `front.json` says it."""
    if record.measured is None:
        raise ValueError(f"trial {record.number} has not finished")
    measured, counted = record.measured, confirmed.get(record.number)
    clocks = counted.clocks if counted else measured.clocks
    over = settings.constraints.excess(counted.lut if counted else measured.estimate, clocks, measured.interval)
    return {
        "trial": record.number,
        "point": dict(record.point),
        "macro_auc": measured.auc,
        "macro_auc_error": measured.auc_error,
        "log_rejection": measured.rejection,
        "accuracy": measured.accuracy,
        "lut_estimate": measured.estimate,
        "lut": counted.lut if counted else None,
        "ff": counted.ff if counted else None,
        "carry": counted.carry if counted else None,
        "flattened": counted.flattened if counted else None,
        "tool": counted.tool if counted else None,
        "clocks": clocks,
        "interval": measured.interval,
        "parameters": measured.parameters,
        "epochs": measured.epochs,
        "within": not any(over),
    }


def volume(front: Sequence[Record], base: Record | None) -> float | None:
    """What the front dominates of the space between perfect designs without logic and the hand-made one.

    Objective, LUTs and clocks are counted in units of that one, so that 0 says that nothing beats it in all of them.
    """
    if base is None or base.measured is None:
        return None
    reference = costs_of(base.measured)
    scale = [max(abs(value), 1e-9) for value in reference]
    costs = [
        tuple(value / unit for value, unit in zip(costs_of(record.measured)[:3], scale, strict=False))
        for record in front
        if record.measured is not None
    ]
    return hypervolume(costs, tuple(value / unit for value, unit in zip(reference[:3], scale, strict=False)))


def table(records: Sequence[Record]) -> str:
    """All trials as CSV."""
    dimensions = list(dict.fromkeys(name for record in records for name in record.point))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("trial", "state", "reason", "start", "inherited", "estimate_before")
    steps = list(dict.fromkeys(name for record in records for name in record.seconds))
    writer.writerow([*columns, *FIGURES, *(f"s_{step}" for step in steps), *dimensions])
    for record in records:
        figures = [getattr(record.measured, name, "") if record.measured else "" for name in FIGURES]
        known = (record.number, record.state, record.reason, record.start, record.inherited, record.estimate)
        seconds = [record.seconds.get(step, "") for step in steps]
        row = [*known, *figures, *seconds, *(record.point.get(name, "") for name in dimensions)]
        writer.writerow(["" if value is None else value for value in row])
    return text.getvalue()


def write(
    folder: Path,
    records: Sequence[Record],
    settings: SearchSettings,
    confirmed: Mapping[int, Confirmed],
    seconds: float,
) -> None:
    """Write `front.json`, `front.svg` and `trials.csv`, each whole or not at all."""
    from pipeline.artefacts.json_file import write_json
    from pipeline.plots.search import Point, pareto_front
    from pipeline.plots.style import svg_text

    def point(record: Record) -> Point:
        return Point.of(described(record, settings, confirmed))

    front = best(records, settings, confirmed)
    numbers = {record.number for record in front}
    others = [record for record in records if record.measured and record.number not in numbers]
    base = hand_made(records)
    figure = pareto_front(
        [point(record) for record in front],
        [point(record) for record in others],
        None if base is None else point(base),
        settings.constraints.model_dump(),
    )
    write_json(folder / "front.json", content(records, settings, confirmed, seconds))
    _replace(folder / "trials.csv", table(records))
    _replace(folder / "front.svg", svg_text(figure))


def _replace(path: Path, text: str) -> None:
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
