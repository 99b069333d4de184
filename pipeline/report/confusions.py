"""The most confused classes, in sentences, with the physical reason if it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

W_MASS, Z_MASS = 80.37, 91.19
"""Masses of W and Z in GeV (Particle Data Group, Phys. Rev. D 110, 030001)."""
LEAST_SHARE = 0.1
"""A pair is listed if at least this share of one class is classified as the other; the most confused one always is."""
_PAIRS = 2


def confused(classes: Sequence[str], shares: Sequence[Sequence[float]], spreads: Mapping[str, float]) -> list[str]:
    """A sentence for each pair, the most confused pair first.

    Args:
        classes: names of the classes.
        shares: [true class][predicted class], shares of the true class.
        spreads: half the distance of the quantiles 0.16 and 0.84 of the jet mass in the images (GeV), by class.

    >>> confused(["w", "t"], [[0.9, 0.1], [0.25, 0.75]], {})
    ['t is classified as w in 25.0 % of cases, w as t in 10.0 %.']
    """
    pairs = [(max((shares[i][j], i, j), (shares[j][i], j, i))) for i, j in combinations(range(len(classes)), 2)]
    pairs.sort(reverse=True)
    worst = [
        pair for place, pair in enumerate(pairs[:_PAIRS]) if pair[0] > 0 and (place == 0 or pair[0] >= LEAST_SHARE)
    ]
    return [
        f"{classes[i]} is classified as {classes[j]} in {100 * share:.1f} % of cases, {classes[j]} as {classes[i]} in "
        f"{100 * shares[j][i]:.1f} %.{_reason({classes[i], classes[j]}, spreads)}"
        for share, i, j in worst
    ]


def _reason(pair: set[str], spreads: Mapping[str, float]) -> str:
    """The reason why the confusion is expected; empty if none is known."""
    if pair == {"q", "g"}:
        return (
            " This is expected: both have one prong, and a gluon differs only by more radiation (colour factor 3 "
            "against 4/3), which a single jet need not show."
        )
    if pair == {"w", "z"} and pair <= spreads.keys():
        half_width = min(spreads["w"], spreads["z"])
        if 2 * half_width > Z_MASS - W_MASS:
            return (
                f" This is expected: both have two prongs, their masses differ by {Z_MASS - W_MASS:.1f} GeV, "
                f"and the jet mass in the images has a spread of ± {spreads['w']:.1f} GeV (w) and "
                f"± {spreads['z']:.1f} GeV (z)."
            )
    return ""


def quantile_half_width(counts: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> float | None:
    """Half the distance of the quantiles 0.16 and 0.84 of a histogram, linear within its bins.

    >>> round(quantile_half_width(np.ones(100), np.linspace(0, 100, 101)), 9)
    34.0
    """
    total = np.append(0.0, np.cumsum(counts))
    if total[-1] <= 0:
        return None
    low, high = np.interp(np.array([0.16, 0.84]) * total[-1], total, edges)
    return float(high - low) / 2
