"""The pT of a jet at level 1: the sum in firmware, or that sum smeared with the resolution of level 1.

The random number that smears a jet is a function of its event and its direction, so that it depends neither on the
order of jets nor on the rest of the sample.
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
"""So many standard deviations above the softest jet of a sample, softer jets hardly contribute."""
_HALVINGS = 60


class OnlineResponse(Protocol):
    """A model of the online pT."""

    def drawn(self, jets: TriggerJets) -> Floats:
        """An online pT for each jet (GeV), [jets]."""
        ...

    def passing(self, pt: Floats, threshold: float) -> Floats:
        """The probability that the online pT of jets with a pT in firmware (GeV) reaches a threshold (GeV), [jets]."""
        ...

    def reach(self, softest: float) -> float:
        """The lowest threshold (GeV) whose rate a sample determines, from the pT of its softest jet (GeV)."""
        ...


class Ideal:
    """The online pT is the sum in firmware over the particles of the offline jet."""

    def drawn(self, jets: TriggerJets) -> Floats:
        """The pT in firmware."""
        return jets.online_pt

    def passing(self, pt: Floats, threshold: float) -> Floats:
        """A step function."""
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
        """The integral of a normal distribution above the threshold."""
        return np.asarray(ndtr((pt - threshold) / np.maximum(self._width(pt), 1e-9)), dtype=np.float64)

    def reach(self, softest: float) -> float:
        """2.5 standard deviations above the softest jet.

        For a spectrum that falls as pT to the power −5 (−6), jets below 80 GeV contribute 0.7 % (1.3 %) to the rate
        there with the default resolution, and less at every higher threshold.
        """
        return softest + _REACH * float(self._width(np.array([softest]))[0])

    def _width(self, pt: Floats) -> Floats:
        return pt * self._resolution.relative(pt)


def responses(online: OnlineSettings) -> Mapping[str, OnlineResponse]:
    """The ideal response and the configured model, by name."""
    models: dict[str, OnlineResponse] = {"ideal": Ideal()}
    if online.response == "gaussian":
        models["gaussian"] = Gaussian(online.resolution)
    return models


def normal(jets: TriggerJets) -> Floats:
    """A standard normal number for each jet, from a hash of its event and its direction, [jets]."""
    bits = [np.ascontiguousarray(coordinate, dtype=np.float64).view(np.uint64) for coordinate in (jets.eta, jets.phi)]
    hashed = splitmix64(splitmix64(splitmix64(jets.event) ^ bits[0]) ^ bits[1])
    uniform = ((hashed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.asarray(ndtri(uniform), dtype=np.float64)


def threshold_at(response: OnlineResponse, pt: Floats, share: float) -> float:
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
