"""The truth of towers: which class, which jet, and the box of each jet, from how much each source left in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import PILEUP, UNDECIDED
from data_prep.system.compiled import compiled

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
UInt8 = npt.NDArray[np.uint8]

PILEUP_SOURCE, OTHER_SOURCE = -1, -2
"""Sources that are no truth jet: pileup, and what of the hard event lies in none."""
NO_JET = 2
"""Shares of a tower that belong to no listed jet: pileup, and what is undecided."""
MOST_JETS = 254
"""An instance is a byte, and 0 is none."""


@compiled
def majority(energy: Float32, jet_kind: UInt8) -> tuple[int, int]:
    """Class and instance of a tower.

    The classes are weighed by transverse energy, and then the jets of the class that won: two quark jets that share a
    tower count together against pileup. On equal shares the lower code and the harder jet win.

    Args:
        energy: float32 [2 + jets], transverse energy of pileup, of the hard collision outside the listed jets, and of
            each listed jet (GeV).
        jet_kind: uint8 [jets], the classes of the jets.

    Returns:
        class (`TRUTH_CLASSES`) and instance (0, or 1 + index of the jet).
    """
    by_class = np.zeros(8, np.float64)
    by_class[PILEUP], by_class[UNDECIDED] = energy[0], energy[1]
    for jet in range(jet_kind.size):
        by_class[jet_kind[jet]] += energy[NO_JET + jet]
    best = PILEUP
    for code in range(PILEUP + 1, by_class.size):
        if by_class[code] > by_class[best]:
            best = code
    instance = 0
    for jet in range(jet_kind.size):
        if jet_kind[jet] == best and (instance == 0 or energy[NO_JET + jet] > energy[NO_JET + instance - 1]):
            instance = 1 + jet
    return best, instance
