"""L1 normalisation."""

from __future__ import annotations

import numpy as np

from data_prep.steps.normalise import normalise_l1


def test_the_sum_becomes_one_and_ratios_stay() -> None:
    value = np.float32([1, 2, 5])
    total = normalise_l1(value)
    assert total == 8
    np.testing.assert_array_equal(value, np.float32([0.125, 0.25, 0.625]))
