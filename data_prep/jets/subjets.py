"""The two subjets of a jet, and their separation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@compiled
def subjet_separation(
    offsets: Int64, pt: Float32, eta: Float32, phi: Float32, selected: npt.NDArray[np.bool_]
) -> Float32:
    """ΔR of the two exclusive kT subjets of each jet.

    The pair of the smallest min(pT²) ΔR² (ΔR in rapidity and azimuth) is merged, four-vectors added, until two are
    left: FastJet's `exclusive_jets(2)` with a radius so large that nothing goes to the beam. Source: S. Catani,
    Yu. Dokshitzer, M. Seymour, B. Webber, Nucl. Phys. B406 (1993) 187.

    Args:
        offsets: int64 [jets + 1].
        pt: float32 [constituents], which are taken as massless; those without pT are left out.
        eta: float32 [constituents].
        phi: float32 [constituents], rad.
        selected: bool [jets]; the others get 0 and may hold NaN.

    Returns:
        float32 [jets]; 0 where there are no two constituents.
    """
    separation = np.zeros(offsets.size - 1, np.float32)
    for jet in range(offsets.size - 1):
        if selected[jet]:
            first, last = offsets[jet], offsets[jet + 1]
            separation[jet] = _separation(pt[first:last], eta[first:last], phi[first:last])
    return separation


@compiled
def _separation(pt: Float32, eta: Float32, phi: Float32) -> float:
    # px, py, pz, E, pT², rapidity, φ of the pseudojets that are not merged yet
    node = np.empty((pt.size, 7))
    count = 0
    for i in range(pt.size):
        if pt[i] > 0:
            node[count, 0] = pt[i] * np.cos(np.float64(phi[i]))
            node[count, 1] = pt[i] * np.sin(np.float64(phi[i]))
            node[count, 2] = pt[i] * np.sinh(np.float64(eta[i]))
            node[count, 3] = pt[i] * np.cosh(np.float64(eta[i]))
            _set_direction(node[count])
            count += 1
    if count < 2:
        return 0.0
    nearest = np.zeros(count, np.int64)
    distance = np.full(count, np.inf)
    for i in range(count):
        _find_nearest(i, count, node, nearest, distance)
    while count > 2:
        closest = 0
        for i in range(1, count):
            if distance[i] < distance[closest]:
                closest = i
        low, high = min(closest, nearest[closest]), max(closest, nearest[closest])
        node[low, :4] += node[high, :4]
        _set_direction(node[low])
        # the last node moves to the free row
        count -= 1
        node[high] = node[count]
        nearest[high], distance[high] = nearest[count], distance[count]
        for i in range(count):
            if nearest[i] in (low, high) or i == low:
                _find_nearest(i, count, node, nearest, distance)
            else:
                if nearest[i] == count:
                    nearest[i] = high
                to_merged = _distance(node[i], node[low])
                if to_merged < distance[i]:
                    nearest[i], distance[i] = low, to_merged
    return float(np.sqrt(_squared_distance(node[0], node[1])))


@compiled
def _set_direction(node: Float64) -> None:
    transverse = node[0] * node[0] + node[1] * node[1]
    squared = max(node[3] * node[3] - transverse - node[2] * node[2], 0.0)
    rapidity = np.log((node[3] + abs(node[2])) / np.sqrt(transverse + squared))
    node[4] = transverse
    node[5] = rapidity if node[2] > 0 else -rapidity
    node[6] = np.arctan2(node[1], node[0])


@compiled
def _squared_distance(first_node: Float64, second_node: Float64) -> float:
    away = abs(first_node[6] - second_node[6])
    away = min(away, 2 * np.pi - away)
    return float((first_node[5] - second_node[5]) ** 2 + away * away)


@compiled
def _distance(first_node: Float64, second_node: Float64) -> float:
    return float(min(first_node[4], second_node[4])) * _squared_distance(first_node, second_node)


@compiled
def _find_nearest(i: int, count: int, node: Float64, nearest: Int64, distance: Float64) -> None:
    distance[i] = np.inf
    for j in range(count):
        if j != i:
            d = _distance(node[i], node[j])
            if d < distance[i]:
                nearest[i], distance[i] = j, d
