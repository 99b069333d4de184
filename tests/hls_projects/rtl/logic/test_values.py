"""Values that have terms in common are compared by their sign."""

from __future__ import annotations

import numpy as np
import pytest

from hls_projects.rtl.logic.passes import run, vectors
from hls_projects.rtl.logic.trace import logic_of
from hls_projects.rtl.logic.values import fresh, larger, objects, smaller


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_larger_and_smaller_of_correlated_values(sign: float) -> None:
    """As of overlapping windows: the difference is never negative, or never positive, while the ranges overlap."""
    x, y, z = (fresh(-4.0, 3.0, 1.0) for _ in range(3))
    w = fresh(0.0, 7.0, 1.0)
    pairs = [(x, x + w * sign), (x + w * sign, x), (x + y, x + z), (x + w * sign + y, x + y), (x, x)]
    outputs = [pick(a, b) for a, b in pairs for pick in (larger, smaller)]
    grid = vectors([value.unscaled.qint for value in (x, y, z, w)])
    results = run([logic_of(objects([x, y, z, w]), objects(outputs))], grid)
    gx, gy, gz, gw = grid.T
    numbers = [(gx, gx + gw * sign), (gx + gw * sign, gx), (gx + gy, gx + gz), (gx + gw * sign + gy, gx + gy), (gx, gx)]
    wanted = [pick(a, b) for a, b in numbers for pick in (np.maximum, np.minimum)]
    np.testing.assert_array_equal(results, np.stack(wanted, axis=1))
