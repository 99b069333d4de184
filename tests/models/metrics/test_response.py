"""Response and closure against a normal distribution, scipy's quantiles and numbers counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.metrics.response import ONE_SIGMA, binned_response, calibrated, quantiles, response


def test_of_a_normal_distribution() -> None:
    """200,000 jets, 10 % wide and 5 % low: the statistical error of median and resolution is 0.03 %."""
    rng = np.random.default_rng(1)
    true = rng.uniform(100, 200, 200_000)
    measured = response(true * rng.normal(0.95, 0.095, true.size), true)
    assert measured is not None
    assert measured.median == pytest.approx(0.95, abs=0.001)
    assert measured.resolution == pytest.approx(0.1, abs=0.001)
    assert measured.error == pytest.approx(0.095 * np.sqrt(np.pi / 2) / np.sqrt(200_000), rel=0.02)
    assert stats.norm.cdf([-1, 1]) == pytest.approx(ONE_SIGMA, rel=1e-14)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=20), st.lists(st.integers(1, 4), min_size=20, max_size=20))
def test_a_weight_is_a_number_of_jets(values: list[int], weights: list[int]) -> None:
    """An integer weight w is nearly w copies: quantiles stay between those of the copies' neighbours."""
    repeated = np.repeat(values, weights[: len(values)])
    median = quantiles(values, [0.5], weights[: len(values)])[0]
    below, above = (np.quantile(repeated, q, method=m) for q, m in ((0.5, "lower"), (0.5, "higher")))
    order = np.unique(values)
    low = order[max(np.searchsorted(order, below) - 1, 0)]
    high = order[min(np.searchsorted(order, above) + 1, order.size - 1)]
    assert low <= median <= high


def test_equal_weights_are_hazen_s_quantiles() -> None:
    values = np.random.default_rng(2).normal(size=101)
    np.testing.assert_allclose(
        quantiles(values, [0.16, 0.5, 0.84]), np.quantile(values, [0.16, 0.5, 0.84], method="hazen")
    )


def test_bins_hold_their_lower_border_and_may_be_empty() -> None:
    binned = binned_response([10, 12, 40, 44, 99], [10, 12, 20, 22, 50], (10.0, 20.0, 30.0, 50.0))
    assert [None if in_bin is None else (in_bin.jets, in_bin.median) for in_bin in binned.bins] == [
        (2, 1.0),
        (2, 2.0),
        None,
    ]
    assert binned.whole is not None
    assert binned.whole.jets == 5


def test_jets_without_a_true_value_are_left_out() -> None:
    measured = response([1.0, 1.0, 5.0, 9.0], [1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 0.0])
    assert measured is not None
    assert (measured.jets, measured.median, measured.resolution) == (2, 1.0, 0.0)
    assert response([1.0], [1.0]) is None


def test_calibration_undoes_a_line_and_keeps_the_error(rng: np.random.Generator) -> None:
    true = rng.uniform(50, 500, 4000)
    noise = rng.normal(0, 5, 4000)
    estimate = calibrated(120 + 0.8 * true + noise, true)
    np.testing.assert_allclose(estimate - true, noise / 0.8, atol=1)
    assert np.polyfit(true, estimate, 1) == pytest.approx([1, 0], abs=1e-6)
    np.testing.assert_array_equal(calibrated([3.0, 2.0], [1.0, 2.0]), [3, 2])  # does not grow
    assert calibrated([], []).size == 0
