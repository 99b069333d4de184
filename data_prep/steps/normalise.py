"""Scale the image."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.compiled import compiled
from data_prep.settings import Settings

Array = npt.NDArray[np.float32]


class Normalise(Settings):
    """Divide the image by a norm of its pixels; leave the step out to keep pixels in GeV.

    `l1`: the sum of all pixels becomes 1. The image forgets the jet's pT and keeps m/pT.
    """

    step: Literal["normalise"] = "normalise"
    """The step's name."""
    norm: Literal["l1"] = "l1"
    """The norm that becomes 1."""


@compiled
def normalise_l1(value: Array) -> np.float32:
    """Divide the lit pixels of one image by their sum in place; returns the sum, in the unit the pixels had."""
    total = np.float32(0)
    for i in range(value.size):
        total += value[i]
    for i in range(value.size):
        value[i] /= total
    return total
