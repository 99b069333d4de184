"""The directions of a jet's exclusive kT subjets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.observables.momentum import distance2
from data_prep.system.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled
def kt_axes(px: Floats, py: Floats, pz: Floats, energy: Floats, most: int) -> Floats:
    """The directions of the 1, 2, … exclusive kT subjets of one jet, at a radius at which nothing goes to the beam.

    The pair of the smallest min(pT²) ΔR² is merged, four-vectors added, until one is left. Source: S. Catani,
    Yu. Dokshitzer, M. Seymour, B. Webber, Nucl. Phys. B406 (1993) 187.

    Args:
        px: float64 [constituents], GeV, all with pT.
        py: the same, y component.
        pz: the same, along the beam.
        energy: the same, energy.
        most: the largest number of subjets.

    Returns:
        float64 [most, most, 2]: rapidity and azimuth of subjet k of n + 1; nothing where there are fewer constituents.
    """
    axes = np.zeros((most, most, 2))
    count = px.size
    # px, py, pz, E, pT², rapidity, φ of what is not merged yet
    node = np.empty((7, count))
    for i in range(count):
        node[0, i], node[1, i], node[2, i], node[3, i] = px[i], py[i], pz[i], energy[i]
        _set_direction(node, i)
    nearest = np.zeros(count, np.int64)
    apart = np.full(count, np.inf)
    distance = np.full(count, np.inf)
    # each knows its nearest neighbour in ΔR among those of no smaller pT: its own pT is the smaller one then
    for i in range(count):
        _find_nearest(i, count, node, nearest, apart, distance)
    while count > 0:
        if count <= most:
            for k in range(count):
                axes[count - 1, k, 0], axes[count - 1, k, 1] = node[5, k], node[6, k]
        if count == 1:
            break
        one = 0
        for i in range(1, count):
            if distance[i] < distance[one]:
                one = i
        low, high = min(one, nearest[one]), max(one, nearest[one])
        for k in range(4):
            node[k, low] += node[k, high]
        _set_direction(node, low)
        # the last node takes the place that became free
        count -= 1
        for k in range(7):
            node[k, high] = node[k, count]
        nearest[high], apart[high], distance[high] = nearest[count], apart[count], distance[count]
        for i in range(count):
            if i == low or nearest[i] == low or nearest[i] == high:
                # `high` stands for the node that is gone, unless it is that of the last place
                _find_nearest(i, count, node, nearest, apart, distance)
                continue
            if nearest[i] == count:
                nearest[i] = high
            if node[4, i] <= node[4, low]:
                to_merged = distance2(node[5, i], node[6, i], node[5, low], node[6, low])
                if to_merged < apart[i]:
                    nearest[i], apart[i], distance[i] = low, to_merged, node[4, i] * to_merged
    return axes


@compiled
def _set_direction(node: Floats, i: int) -> None:
    transverse = node[0, i] * node[0, i] + node[1, i] * node[1, i]
    squared = max(node[3, i] * node[3, i] - transverse - node[2, i] * node[2, i], 0.0)
    rapidity = np.log((node[3, i] + abs(node[2, i])) / np.sqrt(transverse + squared))
    node[4, i] = transverse
    node[5, i] = np.copysign(rapidity, node[2, i])
    node[6, i] = np.arctan2(node[1, i], node[0, i])


@compiled
def _find_nearest(i: int, count: int, node: Floats, nearest: Ints, apart: Floats, distance: Floats) -> None:
    apart[i] = np.inf
    y, phi, transverse = node[5, i], node[6, i], node[4, i]
    for j in range(count):
        d = distance2(y, phi, node[5, j], node[6, j])
        if d < apart[i] and j != i and transverse <= node[4, j]:
            nearest[i], apart[i] = j, d
    distance[i] = transverse * apart[i]
