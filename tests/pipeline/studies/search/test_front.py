"""The front against the definition, and its volume against counting cells."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pipeline.studies.search.front import excess, front_of, hypervolume, nearest, pareto
from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import ConstraintSettings
from tests.pipeline.studies.search.designs import design


@pytest.mark.parametrize("costs", [2, 3, 4])
def test_nobody_on_it_is_beaten_and_everybody_else_is(rng: np.random.Generator, costs: int) -> None:
    """The definition, pair by pair, on few distinct numbers so that many are equal."""
    points = [tuple(map(float, row)) for row in rng.integers(0, 6, (80, costs))]
    front = pareto(points)

    def beaten(one: tuple[float, ...]) -> bool:
        return any(all(a <= b for a, b in zip(other, one, strict=True)) and other != one for other in points)

    assert {points[i] for i in front} == {point for point in points if not beaten(point)}
    assert len({points[i] for i in front}) == len(front), "of equal designs one is kept"
    assert all(points.index(points[i]) == i for i in front), "the first one"


@pytest.mark.parametrize("costs", [1, 2, 3])
def test_the_volume_is_that_of_the_cells_below_it(rng: np.random.Generator, costs: int) -> None:
    """Whole numbers: a unit cell is dominated or it is not."""
    points = [tuple(map(float, row)) for row in rng.integers(0, 7, (12, costs))]
    cells = product(range(6), repeat=costs)
    inside = sum(any(all(a <= cell for a, cell in zip(point, low, strict=True)) for point in points) for low in cells)
    assert hypervolume(points, (6.0,) * costs) == inside


def test_who_is_above_a_limit_is_not_on_the_front() -> None:
    limits = ConstraintSettings(lut=1000, clocks=12)
    records = [
        design(0, 0.8, 500),
        design(1, 0.9, 1200),
        design(2, 0.85, 900, 13),
        design(3, 0.7, 600),
        Record(4, "failed"),
    ]
    assert [each.number for each in front_of(records, limits)] == [0]
    assert [each.number for each in front_of(records, ConstraintSettings())] == [1, 2, 0]
    assert excess(records[1].measured or pytest.fail(), limits) == pytest.approx((0.2, 0.0, 0.0))


def test_the_nearest_is_least_above_the_limits() -> None:
    limits = ConstraintSettings(lut=1000, clocks=10)
    found = nearest([design(0, 0.9, 3000), design(1, 0.8, 1500, 11), design(2, 0.8, 1700)], limits)
    assert found is not None
    assert found.number == 1
    assert nearest([Record(0, "failed")], limits) is None
