"""Scale the image."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.steps.step import Step, StepKind
from data_prep.system.compiled import compiled

Array = npt.NDArray[np.float32]

L1, L2, POWER_OF_TWO = range(1, 4)
"""The norms in the compiled kernel; 0 is none."""
_NORMS = {"l1": L1, "l2": L2, "power_of_two": POWER_OF_TWO}


class Normalise(Step):
    """Divide the image by a norm of its pixels; leave the step out to keep pixels in GeV.

    `norm`:
        l1: Σ. The sum of all pixels becomes 1: the image forgets the jet's pT and keeps m/pT.
        l2: √Σ². Destroys the mass: how much the pixels are divided by depends on how pT is shared among them, so that
            neither m nor m/pT is left in the image. Here because it is common.
        power_of_two: the largest power of two that is not above Σ, which a circuit divides by with a shift. The sum of
            all pixels comes to lie in [1, 2), without a rounding error.

    Of an image of several channels the norm is that of the channel `pt`, or, where there is none, of all channels of
    pT together. It divides all channels of pT alike, so that their ratios stay; `multiplicity` counts, and is not
    divided. An image of which the norm is 0 is empty.
    """

    step: Literal["normalise"] = "normalise"
    """The step's name."""
    norm: Literal["l1", "l2", "power_of_two"] = "l1"
    """What the pixels are divided by."""

    @property
    def code(self) -> int:
        """The norm's number in the compiled kernel."""
        return _NORMS[self.norm]


@compiled
def normalise(norm: int, value: Array) -> np.float32:
    """Divide the lit pixels of one image by a norm of theirs in place; returns the norm, in the unit they had."""
    size = norm_of(norm, value)
    for i in range(value.size):
        value[i] /= size
    return size


@compiled
def norm_of(norm: int, value: Array) -> np.float32:
    """A norm of pixels, summed in float32 in their order; not finite where the sum is not, 0 where all pixels are."""
    total = np.float32(0)
    if norm == L2:
        # relative to the brightest pixel, so that no square is out of range
        most = np.float32(0)
        for i in range(value.size):
            most = max(most, value[i])
        if not 0 < most < np.inf:
            return most
        for i in range(value.size):
            part = value[i] / most
            total += part * part
        return np.float32(most * np.sqrt(total))
    for i in range(value.size):
        total += value[i]
    if norm == POWER_OF_TWO and 0 < total < np.inf:
        return np.float32(math.ldexp(1.0, math.frexp(total)[1] - 1))
    return total


@compiled
def normalise_channels(
    norm: int,
    value: Array,
    pixel: npt.NDArray[np.uint16],
    counts: npt.NDArray[np.bool_],
    scaled: npt.NDArray[np.bool_],
) -> np.float32:
    """As `normalise`, for several channels.

    Args:
        norm: the norm.
        value: float32 [lit].
        pixel: uint16 [lit], the channel is the remainder by the number of channels.
        counts: bool [channels], whether a channel counts for the norm.
        scaled: bool [channels], whether a channel is divided.
    """
    counted = np.empty(value.size, np.float32)
    n = 0
    for i in range(value.size):
        if counts[pixel[i] % counts.size]:
            counted[n] = value[i]
            n += 1
    size = norm_of(norm, counted[:n])
    if size > 0:
        for i in range(value.size):
            if scaled[pixel[i] % scaled.size]:
                value[i] /= size
    return size


STEP = StepKind(Normalise, run=None)
