"""Fakes at equal efficiency: by hand, and against every threshold written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.metrics.fake_curve import FakeCurve
from models.metrics.jet_matching import Assignment


def curve(events: list[tuple[list[float], list[int], int]]) -> FakeCurve:
    """From events of scores, what each found jet is (1 right, 0 fake, −1 neither) and the number of true jets."""
    collected = FakeCurve()
    for library, (score, assignment, true) in enumerate(events):
        assignments = np.array(assignment, np.int64).reshape(-1)
        collected.add(
            np.array(score, float), Assignment(np.where(assignments > 0, 0, -1), assignments < 0, true), library
        )
    return collected


def test_by_hand() -> None:
    """Right, fake, right, fake by falling score of four true jets: 1 of 4, then 2 of 4 with a fake."""
    fakes = curve([([9, 8, 6, 5], [1, 0, 0, -1], 3), ([7], [1], 1)])
    quarter, half = fakes.at(0.25), fakes.at(0.5)
    assert quarter is not None
    assert half is not None
    assert (quarter.fakes, quarter.score) == (0, 9)
    assert (half.fakes, half.score) == (pytest.approx(1 / 3), 7)
    assert fakes.at(0.51) is None
    assert curve([]).at(0.5) is None
    assert curve([([1.0], [0], 0)]).at(0.5) is None


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=15), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_at_the_efficiency_of_a_threshold_the_fakes_are_those_above_it(
    jets: list[tuple[int, bool]], missed: int
) -> None:
    true = sum(correct for _, correct in jets) + missed
    fakes = curve([([float(score) for score, _ in jets], [int(correct) for _, correct in jets], true)])
    passed = -1
    for threshold in sorted({score for score, _ in jets}, reverse=True):
        above = [correct for score, correct in jets if score >= threshold]
        if sum(above) > max(passed, 0):  # of thresholds with one efficiency the highest is taken
            point = fakes.at(sum(above) / true)
            assert point is not None
            assert point.fakes == pytest.approx(1 - sum(above) / len(above))
            assert point.score == threshold
        passed = sum(above)


def test_a_better_score_has_fewer_fakes_and_the_error_is_that_of_their_number() -> None:
    """400 libraries of one event, scores normally distributed about 3 and 0: some 43 fakes beside 900 right jets."""
    rng = np.random.default_rng(8)
    events = []
    for _ in range(400):
        correct = rng.normal(3, 1, rng.poisson(2.5))
        fake = rng.normal(0, 1, rng.poisson(2.5))
        events.append(([*correct, *fake], [1] * correct.size + [0] * fake.size, correct.size))
    point = curve(events).at(0.9)
    assert point is not None
    # normal distributions: the threshold at 3 − 1.2816 keeps 4.29 % of as many fakes
    assert point.fakes == pytest.approx(0.0429 / 0.9429, abs=0.02)
    assert point.score == pytest.approx(1.72, abs=0.15)
    assert point.error == pytest.approx(np.sqrt(0.0455 * 0.9545 / 943), rel=0.5)
