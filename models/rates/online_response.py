"""What level 1 takes for the pT of a jet: the firmware's own sum, or that with the resolution of level 1.

The number that a jet is smeared by follows from its event and its direction alone, so that it is the same wherever the
jet stands, and whatever else is in the sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from data_prep.store.split import splitmix64
from models.rates.settings import OnlineSettings, ResolutionSettings
from models.rates.trigger_rate import Floats, TriggerJets

_REACH = 2.5
"""So many standard deviations above the softest jet of a sample, hardly a jet is missing that was softer."""
_HALVINGS = 60


class Response(Protocol):
    """A model of the online pT."""

    def drawn(self, jets: TriggerJets) -> Floats:
        """An online pT for each jet (GeV), [jets]."""
        ...

    def passing(self, pt: Floats, threshold: float) -> Floats:
        """Of jets with a pT in firmware (GeV), the probability that the online pT reaches a threshold (GeV)."""
        ...

    def reach(self, softest: float) -> float:
        """The lowest threshold (GeV) that a sample can tell the rate of, whose softest jet has some pT (GeV)."""
        ...


class Ideal:
    """The online pT is what firmware sums up of the particles of the offline jet."""

    def drawn(self, jets: TriggerJets) -> Floats:
        """The pT in firmware."""
        return jets.online_pt

    def passing(self, pt: Floats, threshold: float) -> Floats:
        """A step."""
        return np.asarray(pt >= threshold, dtype=np.float64)

    def reach(self, softest: float) -> float:
        """The softest jet itself."""
        return softest


class Gaussian:
    """The online pT is normally distributed about the pT in firmware; below 0 it is 0.

    >>> flat = Gaussian(ResolutionSettings(stochastic=0, constant=0.15))
    >>> round(float(flat.passing(np.array([200.0]), 200 * (1 - 1.645 * 0.15))[0]), 3)
    0.95
    """

    def __init__(self, resolution: ResolutionSettings) -> None:
        self._resolution = resolution

    def drawn(self, jets: TriggerJets) -> Floats:
        """One draw for each jet, the same at every call."""
        pt = jets.online_pt
        return np.maximum(pt + self._width(pt) * normal(jets), 0)

    def passing(self, pt: Floats, threshold: float) -> Floats:
        """A normal distribution's integral above the threshold."""
        return np.asarray(ndtr((pt - threshold) / np.maximum(self._width(pt), 1e-9)), dtype=np.float64)

    def reach(self, softest: float) -> float:
        """2.5 standard deviations above the softest jet.

        Of a spectrum that falls as the pT to the power −5 (−6), jets below 80 GeV make 0.7 % (1.3 %) of the rate there
        with the default resolution, and less at every higher threshold.
        """
        return softest + _REACH * float(self._width(np.array([softest]))[0])

    def _width(self, pt: Floats) -> Floats:
        return pt * self._resolution.relative(pt)


def responses(online: OnlineSettings) -> Mapping[str, Response]:
    """The ideal response, and the model beside it."""
    found: dict[str, Response] = {"ideal": Ideal()}
    if online.response == "gaussian":
        found["gaussian"] = Gaussian(online.resolution)
    return found


def normal(jets: TriggerJets) -> Floats:
    """A standard normal number for each jet, from the hash of its event and its direction, [jets]."""
    place = [np.ascontiguousarray(each, dtype=np.float64).view(np.uint64) for each in (jets.eta, jets.phi)]
    hashed = splitmix64(splitmix64(splitmix64(jets.event) ^ place[0]) ^ place[1])
    uniform = ((hashed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.asarray(ndtri(uniform), dtype=np.float64)


def threshold_at(response: Response, pt: Floats, share: float) -> float:
    """The largest threshold (GeV) that a share of jets passes.

    Args:
        response: of the online pT.
        pt: of the jets in firmware (GeV), [jets], at least one.
        share: between 0 and 1.

    >>> threshold_at(Ideal(), np.arange(100.0, 200.0), 0.95)
    105.0
    """
    low, high = 0.0, 2 * float(pt.max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if float(response.passing(pt, middle).mean()) >= share:
            low = middle
        else:
            high = middle
    return float(np.round(low, 9))
