"""The channels of a pixel: which constituents each of them sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

Channel = Literal["pt", "charged", "neutral", "photon", "multiplicity"]
"""What a channel sums: pT of all constituents; of those with charge; of the others but photons; of photons; or 1."""

PT, CHARGED, NEUTRAL, PHOTON, MULTIPLICITY = range(5)
"""The channels in the compiled kernel, in which `pt` = `charged` + `neutral` + `photon`."""
_CODES = {"pt": PT, "charged": CHARGED, "neutral": NEUTRAL, "photon": PHOTON, "multiplicity": MULTIPLICITY}


def _each_once(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    for name in channels:
        if channels.count(name) > 1:
            raise ValueError(f"the channel '{name}' is given twice")
    return channels


Channels = Annotated[tuple[Channel, ...], Field(min_length=1), AfterValidator(_each_once)]
"""The channels of an image, in the order in which a pixel holds them."""


def codes_of(channels: Sequence[str]) -> npt.NDArray[np.int64]:
    """The channels as the compiled kernel takes them: int64 [channels]."""
    return np.array([_CODES[name] for name in channels], dtype=np.int64)


def needs_particles(channels: Sequence[str]) -> bool:
    """Whether charge and kind of the constituents must be known."""
    return any(_CODES.get(name) in (CHARGED, NEUTRAL, PHOTON) for name in channels)


def of_norm(channels: Sequence[str]) -> npt.NDArray[np.bool_]:
    """The channels that together are the pT of a pixel, in norms and in masses: bool [channels].

    >>> of_norm(["charged", "pt"]).tolist(), of_norm(["charged", "neutral", "multiplicity"]).tolist()
    ([False, True], [True, True, False])
    """
    return np.array([name == "pt" if "pt" in channels else name != "multiplicity" for name in channels])
