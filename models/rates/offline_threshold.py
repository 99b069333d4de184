"""Rate of a cut on the pT against its offline threshold: the offline pT at which the trigger is 95 % efficient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.rates.online_response import OnlineResponse, threshold_at
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import Floats, TriggerJets

PLATEAU = 0.95
"""The efficiency that defines an offline threshold, as in the Phase-2 level-1 menu of CMS."""
_GRID = tuple(round(100 * 1.05**number) for number in range(48))
"""Offline thresholds (GeV): from 100 to 1,000 in steps of 5 %."""
_NEAR = 1.2
"""Jets within this factor of an offline pT are used for the response of firmware at that pT."""
_JETS_MIN = 100
"""Fewer jets do not determine a threshold with 95 % efficiency."""


@dataclass(frozen=True)
class OfflinePoint:
    """A cut on the pT alone.

    Attributes:
        offline: threshold on the offline pT (GeV), at which 95 % of the jets pass.
        online: threshold on the online pT (GeV).
        rate, error: kHz, with the statistical error.
        effective: effective number of background events that pass.
    """

    offline: float
    online: float
    rate: float
    error: float
    effective: float


def offline_points(
    jets: TriggerJets, response: OnlineResponse, settings: RatesSettings, smallest: float
) -> tuple[OfflinePoint, ...]:
    """Rates at a row of offline thresholds; those that the sample does not determine are left out.

    The online threshold is that which 95 % of background jets with an offline pT at the offline threshold pass. These
    are jets close to it, scaled to it. Smearing is averaged, not drawn.

    Args:
        jets: of background, with the pT of firmware.
        response: of the online pT to it.
        settings: the configuration.
        smallest: online threshold (GeV).
    """
    points = []
    for offline in _GRID:
        near = np.abs(np.log(np.maximum(jets.offline_pt, 1e-3) / offline)) < math.log(_NEAR)
        if near.sum() < _JETS_MIN:
            continue
        scaled = jets.online_pt[near] / jets.offline_pt[near] * offline
        online = threshold_at(response, scaled, PLATEAU)
        if online < smallest:
            continue
        weight = expected(jets, response, online)
        passed, squares = float(weight.sum()), float((weight**2).sum())
        if squares <= 0 or passed**2 / squares < settings.effective_min:
            break
        rate = settings.collider.rate(passed)
        points.append(OfflinePoint(offline, online, rate, rate * math.sqrt(squares) / passed, passed**2 / squares))
    return tuple(points)


def expected(jets: TriggerJets, response: OnlineResponse, threshold: float) -> Floats:
    """Cross section (pb) times the probability that any jet of the event passes a threshold (GeV), [events].

    One event of two jets at the threshold, each of which passes with probability 1/2:

    >>> from models.rates.online_response import Gaussian
    >>> from models.rates.settings import ResolutionSettings
    >>> two = np.full(2, 100.0)
    >>> jets = TriggerJets(np.array([7, 7], np.uint64), np.full(2, 4.0), two, two, two, {}, two, two)
    >>> expected(jets, Gaussian(ResolutionSettings()), 100.0).tolist()
    [3.0]
    """
    missed = np.ones(jets.first_jets.size)
    np.multiply.at(missed, jets.index, 1 - response.passing(jets.online_pt, threshold))
    cross_section: Floats = jets.weight[jets.first_jets] * (1 - missed)
    return cross_section
