"""The bank of all turned copies of one filter: which weight is at which place of a plain kernel.

A base filter psi is stored as its taps inside the support, and for feature maps over the group once more for every
element. In the group convolution

    out(x, r) = Σ_y Σ_h in(x + y, h) psi(r⁻¹ y, r⁻¹ h)

(Cohen and Welling, arXiv:1602.07576, equation 11) the kernel from element h to element r holds psi(r⁻¹ y, r⁻¹ h) at the
offset y. So a bank moves weights and never changes one: a quantized filter gives a quantized bank.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from data_prep.grids.lattice import OUTSIDE
from models.symmetry.groups import GROUPS, Indices


@cache
def bank(group: str, size: int, *, lifts: bool) -> Indices:
    """The number of the weight at every place of a bank.

    Args:
        group: its name.
        size: rows and columns of the kernel.
        lifts: whether the input is an image, else it is a map over the group.

    Returns:
        int64 [size, size, elements in, elements out]: tap · elements in + element of the base filter, where taps count
        the support row by row; one past the last weight where the kernel is zero.

    >>> bank("p4", 2, lifts=True)[:, :, 0, 1].tolist()
    [[1, 3], [0, 2]]
    """
    symmetry = GROUPS[group]
    support = symmetry.support(size)
    numbers = np.full(size * size + 1, OUTSIDE)
    numbers[:-1][support.reshape(-1)] = np.arange(symmetry.taps(size))
    turned = numbers[symmetry.sources(size)]  # [out, row, column], OUTSIDE is the last entry of numbers
    back = symmetry.table[symmetry.inverse]  # [out, in]: r⁻¹ h
    inner = np.zeros((symmetry.order, 1), np.int64) if lifts else back
    elements_in = inner.shape[1]
    indices = turned[:, :, :, None] * elements_in + inner[:, None, None, :]
    indices[turned == OUTSIDE] = symmetry.taps(size) * elements_in
    return np.ascontiguousarray(np.moveaxis(indices, 0, -1))


@cache
def spatial_bank(group: str, size: int) -> Indices:
    """The bank of a filter over space alone, for every element: int64 [size, size, elements], psi(r⁻¹ y) at y."""
    return bank(group, size, lifts=True)[:, :, 0]
