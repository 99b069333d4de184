"""Soft drop of single jets, compiled: Cambridge/Aachen clustering, then declustering."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from data_prep.system.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled
def soft_drop_mass(
    px: Floats, py: Floats, pz: Floats, energy: Floats, offsets: Ints, beta: float, z_cut: float, radius: float
) -> Floats:
    """Soft-drop mass of every jet.

    The constituents are reclustered with Cambridge/Aachen (ΔR in rapidity and φ, four-vectors added). The last merging
    is undone; the branch with less pT is dropped until min(pT1, pT2)/(pT1 + pT2) > z_cut (ΔR/R)^β. A jet that never
    passes is left with one constituent. Equal to FastJet's contrib `SoftDrop` (tests); source: arXiv:1402.2657.

    Args:
        px: constituents of all jets, x component (GeV), [constituents].
        py: the same, y component.
        pz: the same, z component.
        energy: the same, energy.
        offsets: where each jet starts, [jets + 1].
        beta: soft-drop exponent β.
        z_cut: soft-drop threshold.
        radius: the jet radius R.

    Returns:
        masses (GeV), [jets]; 0 where m² is negative by rounding.
    """
    jets = len(offsets) - 1
    masses = np.zeros(jets)
    for jet in range(jets):
        start = offsets[jet]
        leaves = offsets[jet + 1] - start
        if leaves == 0:
            continue
        momentum = np.empty((2 * leaves - 1, 4))
        rapidity = np.empty(2 * leaves - 1)
        phi = np.empty(2 * leaves - 1)
        children = np.full((2 * leaves - 1, 2), -1, dtype=np.int64)
        alive = np.empty(leaves, dtype=np.int64)
        nearest = np.zeros(leaves, dtype=np.int64)
        distance = np.full(leaves, np.inf)
        for i in range(leaves):
            momentum[i, 0] = px[start + i]
            momentum[i, 1] = py[start + i]
            momentum[i, 2] = pz[start + i]
            momentum[i, 3] = energy[start + i]
            rapidity[i], phi[i] = _direction(momentum[i])
            alive[i] = i
        # `alive` holds the nodes still to be merged; slot i knows its nearest slot j < i.
        for i in range(1, leaves):
            _find_nearest(i, alive, rapidity, phi, nearest, distance)
        count = leaves
        for node in range(leaves, 2 * leaves - 1):
            slot_high = 1
            for i in range(2, count):
                if distance[i] < distance[slot_high]:
                    slot_high = i
            slot_low = nearest[slot_high]
            first_branch, second_branch = alive[slot_high], alive[slot_low]
            children[node, 0], children[node, 1] = first_branch, second_branch
            for k in range(4):
                momentum[node, k] = momentum[first_branch, k] + momentum[second_branch, k]
            rapidity[node], phi[node] = _direction(momentum[node])
            # The merged node takes the lower slot, the final slot moves into the upper one.
            count -= 1
            alive[slot_low] = node
            alive[slot_high] = alive[count]
            for i in range(1, count):
                if i in (slot_low, slot_high) or nearest[i] in (slot_low, slot_high):
                    _find_nearest(i, alive, rapidity, phi, nearest, distance)
                else:
                    for slot in (slot_low, slot_high):
                        if slot < i:
                            d = _distance2(alive[i], alive[slot], rapidity, phi)
                            if d < distance[i]:
                                distance[i], nearest[i] = d, slot
        node = 2 * leaves - 2
        while children[node, 0] >= 0:
            first_branch, second_branch = children[node, 0], children[node, 1]
            pt1 = math.hypot(momentum[first_branch, 0], momentum[first_branch, 1])
            pt2 = math.hypot(momentum[second_branch, 0], momentum[second_branch, 1])
            z = min(pt1, pt2) / (pt1 + pt2)
            angle = math.sqrt(_distance2(first_branch, second_branch, rapidity, phi)) / radius
            if z > z_cut * angle**beta:
                break
            node = first_branch if pt1 > pt2 else second_branch
        p = momentum[node]
        masses[jet] = math.sqrt(max(p[3] * p[3] - p[0] * p[0] - p[1] * p[1] - p[2] * p[2], 0.0))
    return masses


@compiled
def _find_nearest(i: int, alive: Ints, rapidity: Floats, phi: Floats, nearest: Ints, distance: Floats) -> None:
    distance[i] = np.inf
    for j in range(i):
        d = _distance2(alive[i], alive[j], rapidity, phi)
        if d < distance[i]:
            distance[i], nearest[i] = d, j


@compiled
def _distance2(a: int, b: int, rapidity: Floats, phi: Floats) -> float:
    delta_phi = abs(phi[a] - phi[b])
    if delta_phi > math.pi:
        delta_phi = 2 * math.pi - delta_phi
    distance2: float = (rapidity[a] - rapidity[b]) ** 2 + delta_phi**2
    return distance2


@compiled
def _direction(p: Floats) -> tuple[float, float]:
    """Rapidity and φ; for a massless vector the rapidity is η, also where E − |pz| rounds to 0."""
    pt2 = p[0] * p[0] + p[1] * p[1]
    mass2 = max(p[3] * p[3] - pt2 - p[2] * p[2], 0.0)
    rapidity = math.log((p[3] + abs(p[2])) / math.sqrt(pt2 + mass2))
    return (rapidity if p[2] > 0 else -rapidity), math.atan2(p[1], p[0])
