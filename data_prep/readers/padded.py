"""Padded arrays of constituents, as in HDF5 data sets of jets, to lists of variable length."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.readers.assemble import Constituents, from_cartesian


def from_padded(momenta: npt.NDArray[Any], order: tuple[int, int, int, int]) -> Constituents:
    """Constituents of padded four-momenta.

    A row whose four components are all zero is padding, wherever it is; any other, also with NaN, is a constituent.

    Args:
        momenta: [jets, constituents, components], GeV.
        order: the indices of px, py, pz and E among the components.
    """
    components = momenta[:, :, list(order)]
    filled = (components != 0).any(axis=2)
    offsets = np.concatenate([[0], np.cumsum(filled.sum(axis=1))]).astype(np.int64)
    columns = components[filled]
    return from_cartesian(offsets, columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3])
