"""The bootstrap over libraries, where its error is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from models.metrics.library_bootstrap import LibrarySums, multiplicities, ratio, spread


def test_events_that_are_all_alike_within_a_library_count_once() -> None:
    """50 libraries of 40 equal events: the error of the mean is that of 50 numbers and not of 2,000."""
    value = np.random.default_rng(2).normal(3.0, 1.0, 50)
    sums = LibrarySums()
    for library, value_of_event in enumerate(value):
        for _ in range(40):
            sums.add(library, [value_of_event, 1.0])
    error = sums.error(ratio)
    # of 200 replicas the standard deviation is known to 5 %
    assert error == pytest.approx(value.std() / np.sqrt(50), rel=0.2)


def test_independent_events_have_the_error_of_their_number() -> None:
    """A share of 0.3 among 100 libraries of 20 events: √(p (1 − p) / n)."""
    passed = np.random.default_rng(3).random((100, 20)) < 0.3
    sums = LibrarySums()
    for library, row in enumerate(passed):
        for value in row:
            sums.add(library, [float(value), 1.0])
    assert sums.error(ratio) == pytest.approx(np.sqrt(0.3 * 0.7 / 2000), rel=0.25)


def test_one_library_says_nothing_of_its_spread() -> None:
    sums = LibrarySums()
    assert sums.error(ratio) is None
    sums.add(5, [1.0, 2.0])
    assert sums.error(ratio) is None
    assert spread([1.0, np.nan]) is None
    drawn = multiplicities(7, 30)
    assert drawn.shape == (30, 7)
    assert set(drawn.sum(axis=1)) == {7}
