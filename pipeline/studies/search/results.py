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
from pipeline.studies.search.record import HAND_MADE, Measured, Record
from pipeline.studies.search.settings import SearchSettings

FOUND = tuple(name for name in Measured.model_fields if name != "curve")
"""What the table says of a finished trial."""


def hand_made(records: Sequence[Record]) -> Record | None:
    """The finished trial of the files as they are."""
    return next((each for each in records if each.start == HAND_MADE and each.measured is not None), None)


def content(
    records: Sequence[Record], settings: SearchSettings, confirmed: Mapping[int, Confirmed], seconds: float
) -> dict[str, Any]:
    """The content of `front.json`."""
    front = best(records, settings, confirmed)
    states = [each.state for each in records]
    base = hand_made(records)
    return {
        "seed": settings.seed,
        "objective": settings.objective,
        "constraints": settings.constraints.model_dump(),
        "trials": {state: states.count(state) for state in sorted(set(states))},
        "seconds": round(seconds),
        "hand_made": None if base is None else described(base, settings, confirmed),
        "points": [described(each, settings, confirmed) | {"within": True} for each in front],
        "hypervolume": volume(front, base),
        "synthesised_to_estimate": ratio(records, confirmed),
    }


def ratio(records: Sequence[Record], confirmed: Mapping[int, Confirmed]) -> float | None:
    """The median ratio of synthesised to estimated LUTs; none where nothing was synthesised."""
    found = [
        confirmed[each.number].lut / each.measured.estimate
        for each in records
        if each.measured is not None and each.number in confirmed and each.measured.estimate
    ]
    return statistics.median(found) if found else None


def judged(records: Sequence[Record], confirmed: Mapping[int, Confirmed]) -> list[Record]:
    """The trials with LUTs and clocks as synthesis counts them, or as it would by its median ratio to the estimate."""
    scale = ratio(records, confirmed) or 1.0
    found = []
    for each in records:
        if each.measured is not None:
            counted = confirmed.get(each.number)
            lut = counted.lut if counted else round(scale * each.measured.estimate)
            clocks = counted.clocks if counted else each.measured.clocks
            each = replace(each, measured=each.measured.model_copy(update={"estimate": lut, "clocks": clocks}))
        found.append(each)
    return found


def best(records: Sequence[Record], settings: SearchSettings, confirmed: Mapping[int, Confirmed]) -> list[Record]:
    """The front within the constraints, as far as synthesis has counted; the best first."""
    by_number = {each.number: each for each in records}
    return [by_number[each.number] for each in front_of(judged(records, confirmed), settings.constraints)]


def described(each: Record, settings: SearchSettings, confirmed: Mapping[int, Confirmed]) -> dict[str, Any]:
    """One design as `front.json` says it."""
    if each.measured is None:
        raise ValueError(f"trial {each.number} has not finished")
    found, counted = each.measured, confirmed.get(each.number)
    clocks = counted.clocks if counted else found.clocks
    over = settings.constraints.excess(counted.lut if counted else found.estimate, clocks, found.interval)
    return {
        "trial": each.number,
        "point": dict(each.point),
        "macro_auc": found.auc,
        "macro_auc_error": found.auc_error,
        "log_rejection": found.rejection,
        "accuracy": found.accuracy,
        "lut_estimate": found.estimate,
        "lut": counted.lut if counted else None,
        "ff": counted.ff if counted else None,
        "carry": counted.carry if counted else None,
        "flattened": counted.flattened if counted else None,
        "tool": counted.tool if counted else None,
        "clocks": clocks,
        "interval": found.interval,
        "parameters": found.parameters,
        "epochs": found.epochs,
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
        tuple(value / unit for value, unit in zip(costs_of(each.measured)[:3], scale, strict=False))
        for each in front
        if each.measured is not None
    ]
    return hypervolume(costs, tuple(value / unit for value, unit in zip(reference[:3], scale, strict=False)))


def table(records: Sequence[Record]) -> str:
    """All trials as CSV."""
    dimensions = list(dict.fromkeys(name for each in records for name in each.point))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("trial", "state", "reason", "start", "inherited", "estimate_before")
    steps = list(dict.fromkeys(name for each in records for name in each.seconds))
    writer.writerow([*columns, *FOUND, *(f"s_{step}" for step in steps), *dimensions])
    for each in records:
        found = [getattr(each.measured, name, "") if each.measured else "" for name in FOUND]
        known = (each.number, each.state, each.reason, each.start, each.inherited, each.estimate)
        seconds = [each.seconds.get(step, "") for step in steps]
        row = [*known, *found, *seconds, *(each.point.get(name, "") for name in dimensions)]
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

    def point(each: Record) -> Point:
        return Point.of(described(each, settings, confirmed))

    front = best(records, settings, confirmed)
    numbers = {each.number for each in front}
    others = [each for each in records if each.measured and each.number not in numbers]
    base = hand_made(records)
    figure = pareto_front(
        [point(each) for each in front],
        [point(each) for each in others],
        None if base is None else point(base),
        settings.constraints.model_dump(),
    )
    write_json(folder / "front.json", content(records, settings, confirmed, seconds))
    _replace(folder / "trials.csv", table(records))
    _replace(folder / "front.svg", svg_text(figure))


def _replace(path: Path, text: str) -> None:
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
