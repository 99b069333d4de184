"""Intervals of shares: published values, the definition by sums of the binomial distribution, and coverage."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from scipy import stats

from models.metrics import binomial
from models.metrics.binomial import clopper_pearson, effective_tries


def test_the_examples() -> None:
    """5 and 0 of 10 at 95 %: (0.187, 0.813) and (0, 0.308), as in tables of the interval."""
    assert doctest.testmod(binomial).failed == 0


@pytest.mark.parametrize("tried", [1, 7, 60])
@pytest.mark.parametrize("confidence", [math.erf(math.sqrt(0.5)), 0.95])
def test_either_edge_leaves_half_of_the_rest(tried: int, confidence: float) -> None:
    """At the lower edge as many or more pass, at the upper one as many or fewer, each with (1 - confidence) / 2."""
    tail = (1 - confidence) / 2
    for passed in range(tried + 1):
        low, high = clopper_pearson(passed, tried, confidence)
        assert 0 <= low <= passed / tried <= high <= 1
        at_low = sum(math.comb(tried, k) * low**k * (1 - low) ** (tried - k) for k in range(passed, tried + 1))
        at_high = sum(math.comb(tried, k) * high**k * (1 - high) ** (tried - k) for k in range(passed + 1))
        assert at_low == pytest.approx(tail if passed else 1, rel=1e-9)
        assert at_high == pytest.approx(tail if passed < tried else 1, rel=1e-9)
        expected = stats.binomtest(passed, tried).proportion_ci(confidence, "exact")
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_nothing_tried_is_nothing_known() -> None:
    assert clopper_pearson(0, 0) == (0, 1)


def test_weights_are_worth_their_effective_number(rng: np.random.Generator) -> None:
    """Unweighted jets count; equal weights change nothing; jets that pass together count once."""
    passing, alone = rng.random(400) < 0.3, np.arange(400)
    assert effective_tries(passing, np.ones(400), alone) == pytest.approx(400)
    assert effective_tries(passing, np.full(400, 7.0), alone) == pytest.approx(400)
    pairs = np.repeat(passing[:200], 2)
    assert effective_tries(pairs, np.ones(400), alone // 2) == pytest.approx(200)
    weight = np.array([1.0, 1.0, 2.0])
    assert effective_tries(np.ones(3, np.bool_), weight, np.arange(3)) == pytest.approx(16 / 6)
    assert effective_tries(np.zeros(3, np.bool_), weight, np.array([0, 0, 1])) == pytest.approx(16 / 8)
    assert effective_tries(np.zeros(0, np.bool_), np.zeros(0), np.zeros(0, np.int64)) == 0


def test_intervals_of_weighted_jets_cover(rng: np.random.Generator) -> None:
    """At least 0.683 of the intervals hold the true 0.9, and not many more; of 2,000 it is known to 0.010.

    Each experiment has 80 jets with weights from 0.2 to 2, half of them in pairs.
    """
    covered = []
    for _ in range(2000):
        group = np.concatenate([np.arange(40), 40 + np.arange(40) // 2])
        passing = (rng.random(60) < 0.9)[group]
        weight = rng.uniform(0.2, 2, 80)
        tries = effective_tries(passing, weight, group)
        low, high = clopper_pearson(float((weight * passing).sum() / weight.sum()) * tries, tries)
        covered.append(low <= 0.9 <= high)
    assert 0.66 < np.mean(covered) < 0.85
