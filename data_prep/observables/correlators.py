"""Energy correlation functions: substructure without axes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.observables.momentum import distance2
from data_prep.system.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled
def correlators(offsets: Ints, pt: Floats, y: Floats, phi: Floats) -> Floats:
    """e2 = Σ_{i<j} z_i z_j ΔR_ij and e3 = Σ_{i<j<k} z_i z_j z_k ΔR_ij ΔR_ik ΔR_jk, with z = pT / Σ pT, so β = 1.

    C2 = e3 / e2² and D2 = e3 / e2³. Sources: A. Larkoski, G. Salam, J. Thaler, JHEP 06 (2013) 108, arXiv:1305.0007;
    A. Larkoski, I. Moult, D. Neill, JHEP 12 (2014) 009, arXiv:1409.6298.

    Args:
        offsets: int64 [jets + 1].
        pt: float64 [constituents], GeV.
        y: float64 [constituents], rapidity.
        phi: float64 [constituents], rad.

    Returns:
        float64 [2, jets]: e2 and e3; 0 for jets of fewer than two and three constituents.
    """
    values = np.zeros((2, offsets.size - 1))
    longest = 1
    for jet in range(offsets.size - 1):
        longest = max(longest, offsets[jet + 1] - offsets[jet])
    delta_r, row = np.empty((longest, longest)), np.empty(longest)
    for jet in range(offsets.size - 1):
        first, count = offsets[jet], offsets[jet + 1] - offsets[jet]
        total = pt[first : first + count].sum()
        if count < 2 or not total > 0:
            continue
        z = pt[first : first + count] / total
        for i in range(count):
            delta_r[i, i] = 0
            for j in range(i):
                distance = np.sqrt(distance2(y[first + i], phi[first + i], y[first + j], phi[first + j]))
                delta_r[i, j] = delta_r[j, i] = distance
        two = three = 0.0
        for i in range(2 if count > 2 else 1, count):
            # row[k]: Σ_{k<j<i} z_j ΔR_ij ΔR_jk, for all k < i
            row[:i] = 0
            for j in range(1, i):
                factor = z[j] * delta_r[i, j]
                for k in range(j):
                    row[k] += factor * delta_r[j, k]
            inner = 0.0
            for k in range(i):
                inner += row[k] * z[k] * delta_r[i, k]
            three += z[i] * inner
        for i in range(1, count):
            inner = 0.0
            for j in range(i):
                inner += z[j] * delta_r[i, j]
            two += z[i] * inner
        values[0, jet], values[1, jet] = two, three
    return values
