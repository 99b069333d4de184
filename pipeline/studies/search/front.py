"""The Pareto front: designs that no other one beats in everything, and the volume that they dominate."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.studies.search.record import Record, TrialMeasurement
from pipeline.studies.search.settings import ConstraintSettings

Costs = tuple[float, ...]
"""Numbers that shall all be small."""


def costs_of(measured: TrialMeasurement) -> Costs:
    """What a design is judged by, all to be small: the objective with its sign turned, LUTs, clocks, interval."""
    return -measured.objective, float(measured.estimate), float(measured.clocks), float(measured.interval)


def dominates(one: Costs, other: Costs) -> bool:
    """Whether one is nowhere worse and somewhere better.

    >>> dominates((1, 2), (1, 3)), dominates((1, 2), (1, 2)), dominates((1, 2), (0, 3))
    (True, False, False)
    """
    return all(a <= b for a, b in zip(one, other, strict=True)) and one != other


def pareto(costs: Sequence[Costs]) -> list[int]:
    """Which of them no other dominates, in the order of the costs; of equal ones the first.

    >>> pareto([(2, 1), (1, 2), (2, 2), (1, 2)])
    [1, 0]
    """
    front: list[int] = []
    for index in sorted(range(len(costs)), key=lambda i: (costs[i], i)):
        # Whoever dominates a design stands before it in this order, and some such design is on the front.
        if not any(dominates(costs[other], costs[index]) or costs[other] == costs[index] for other in front):
            front.append(index)
    return front


def hypervolume(costs: Sequence[Costs], reference: Costs) -> float:
    """The volume of the points that one of the designs dominates and that lie below a reference point.

    It is cut into slices along the last cost (Fonseca et al., CEC 2006, without the shortcuts of their algorithm).

    >>> hypervolume([(1.0, 2.0), (2.0, 1.0)], (3.0, 3.0))
    3.0
    """
    inside = [cost for cost in costs if all(a < b for a, b in zip(cost, reference, strict=True))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return float(reference[0] - min(cost[0] for cost in inside))
    ordered = sorted(inside, key=lambda cost: cost[-1])
    borders = [*(cost[-1] for cost in ordered), reference[-1]]
    total = 0.0
    for number in range(len(ordered)):
        depth = borders[number + 1] - borders[number]
        if depth > 0:
            total += depth * hypervolume([cost[:-1] for cost in ordered[: number + 1]], reference[:-1])
    return total


def excess(measured: TrialMeasurement, limits: ConstraintSettings) -> tuple[float, float, float]:
    """By which share a design is above each limit."""
    return limits.excess(measured.estimate, measured.clocks, measured.interval)


def front_of(records: Sequence[Record], limits: ConstraintSettings) -> list[Record]:
    """The finished designs within the limits that no other one within them beats, the best objective first."""
    inside = [record for record in records if record.measured and not any(excess(record.measured, limits))]
    costs = [costs_of(record.measured) for record in inside if record.measured is not None]
    return [inside[index] for index in pareto(costs)]


def nearest(records: Sequence[Record], limits: ConstraintSettings) -> Record | None:
    """Of the finished designs the one that is least above the limits, by the sum of the shares."""
    finished = [record for record in records if record.measured is not None]
    return min(
        finished, key=lambda record: sum(excess(record.measured, limits)) if record.measured else 0.0, default=None
    )
