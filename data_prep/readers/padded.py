"""Fixed-length lists with padding, as HDF5 data sets of jets have them, to lists as long as the jets are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.readers.assemble import Constituents, from_cartesian


def from_padded(momenta: npt.NDArray[Any], order: tuple[int, int, int, int]) -> Constituents:
    """Constituents of padded four-momenta.

    A place whose four components are all zero is padding, wherever it stands; anything else, NaN too, is kept.

    Args:
        momenta: [jets, places, components], GeV.
        order: where px, py, pz and E stand among the components.
    """
    chosen = momenta[:, :, list(order)]
    filled = (chosen != 0).any(axis=2)
    offsets = np.concatenate([[0], np.cumsum(filled.sum(axis=1))]).astype(np.int64)
    columns = chosen[filled]
    return from_cartesian(offsets, columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3])
