"""The directions of a jet's exclusive kT subjets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.observables.momentum import distance2
from data_prep.system.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled
def kt_axes(px: Floats, py: Floats, pz: Floats, energy: Floats, subjets_max: int) -> Floats:
    """The directions of the 1, 2, … exclusive kT subjets of one jet; the radius is so large that none goes to the beam.

    The pair of the smallest min(pT²) ΔR² is merged, four-vectors added, until one is left. Source: S. Catani,
    Yu. Dokshitzer, M. Seymour, B. Webber, Nucl. Phys. B406 (1993) 187.

    Args:
        px: float64 [constituents], GeV, all with pT.
        py: the same, y component.
        pz: the same, along the beam.
        energy: the same, energy.
        subjets_max: the largest number of subjets.

    Returns:
        float64 [subjets_max, subjets_max, 2]: rapidity and azimuth of subjet k of n + 1; 0 where there are fewer
        constituents.
    """
    axes = np.zeros((subjets_max, subjets_max, 2))
    count = px.size
    # px, py, pz, E, pT², rapidity, φ of the pseudojets that are not merged yet
    node = np.empty((7, count))
    for i in range(count):
        node[0, i], node[1, i], node[2, i], node[3, i] = px[i], py[i], pz[i], energy[i]
        _set_direction(node, i)
    nearest = np.zeros(count, np.int64)
    delta_r2 = np.full(count, np.inf)
    distance = np.full(count, np.inf)
    # for each the nearest neighbour in ΔR among those of no smaller pT, so that min(pT²) is its own
    for i in range(count):
        _find_nearest(i, count, node, nearest, delta_r2, distance)
    while count > 0:
        if count <= subjets_max:
            for k in range(count):
                axes[count - 1, k, 0], axes[count - 1, k, 1] = node[5, k], node[6, k]
        if count == 1:
            break
        closest = 0
        for i in range(1, count):
            if distance[i] < distance[closest]:
                closest = i
        low, high = min(closest, nearest[closest]), max(closest, nearest[closest])
        for k in range(4):
            node[k, low] += node[k, high]
        _set_direction(node, low)
        # the last node moves to the free column
        count -= 1
        for k in range(7):
            node[k, high] = node[k, count]
        nearest[high], delta_r2[high], distance[high] = nearest[count], delta_r2[count], distance[count]
        for i in range(count):
            if i == low or nearest[i] == low or nearest[i] == high:
                # the node that `high` meant is merged
                _find_nearest(i, count, node, nearest, delta_r2, distance)
                continue
            if nearest[i] == count:
                nearest[i] = high
            if node[4, i] <= node[4, low]:
                to_merged = distance2(node[5, i], node[6, i], node[5, low], node[6, low])
                if to_merged < delta_r2[i]:
                    nearest[i], delta_r2[i], distance[i] = low, to_merged, node[4, i] * to_merged
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
def _find_nearest(i: int, count: int, node: Floats, nearest: Ints, delta_r2: Floats, distance: Floats) -> None:
    delta_r2[i] = np.inf
    y, phi, transverse = node[5, i], node[6, i], node[4, i]
    for j in range(count):
        d = distance2(y, phi, node[5, j], node[6, j])
        if d < delta_r2[i] and j != i and transverse <= node[4, j]:
            nearest[i], delta_r2[i] = j, d
    distance[i] = transverse * delta_r2[i]
