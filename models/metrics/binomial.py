"""Confidence intervals of an efficiency: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

_CENTRAL = math.erf(1 / math.sqrt(2))
"""The central probability of one standard deviation of a normal distribution, 0.6827."""

Interval = tuple[float, float]


def clopper_pearson(passed: float, tried: float, confidence: float = _CENTRAL) -> Interval:
    """The central interval of an efficiency of which `passed` of `tried` are a sample; it covers at least `confidence`.

    For weighted jets both are effective numbers, which need not be integers. Without any tries it is from 0 to 1.

    >>> [round(edge, 4) for edge in clopper_pearson(5, 10, 0.95)]
    [0.1871, 0.8129]
    >>> [round(edge, 4) for edge in clopper_pearson(0, 10, 0.95)]
    [0.0, 0.3085]
    """
    if tried <= 0:
        return 0.0, 1.0
    passed = min(max(passed, 0.0), tried)
    side = (1 - confidence) / 2
    failed = tried - passed
    low = float(betaincinv(passed, failed + 1, side)) if passed > 0 else 0.0
    high = float(betaincinv(passed + 1, failed, 1 - side)) if failed > 0 else 1.0
    return low, high


def effective_tries(
    passing: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64], group: npt.NDArray[np.int64]
) -> float:
    """How many independent, unweighted jets measure the efficiency with the same error: p (1 − p) / variance.

    The variance of Σ w · passing / Σ w is that of sums over groups (the events), whose jets are correlated. Where all
    or none pass it is 0; then the effective number of groups is taken (E. L. Korn and B. I. Graubard, Survey
    Methodology 24 (1998) 193).

    Args:
        passing: [jets].
        weight: not negative, [jets].
        group: event of each jet, from 0 on, [jets].

    >>> effective_tries(np.array([True, False, True]), np.ones(3), np.arange(3))
    3.0
    """
    total = float(weight.sum())
    if not total > 0:
        return 0.0
    share = float((weight * passing).sum()) / total
    jets = total**2 / float((weight**2).sum())
    variance = float((np.bincount(group, weight * (passing - share)) ** 2).sum()) / total**2
    if variance > 0 and 0 < share < 1:
        return min(share * (1 - share) / variance, jets)
    return total**2 / float((np.bincount(group, weight) ** 2).sum())
