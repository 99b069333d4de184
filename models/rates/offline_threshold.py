"""Rate of a cut on the pT against its offline threshold: the offline pT at which the trigger is 95 % efficient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.rates.online_response import Response, threshold_at
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import Floats, TriggerJets

PLATEAU = 0.95
"""The efficiency that defines an offline threshold, as in the Phase-2 level-1 menu of CMS."""
_GRID = tuple(round(100 * 1.05**number) for number in range(48))
"""Offline thresholds (GeV): from 100 to 1,000 in steps of 5 %."""
_NEAR = 1.2
"""Jets within this factor of an offline pT tell how firmware sees such a jet."""
_JETS_MIN = 100
"""From fewer, 95 % cannot be told."""


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
    jets: TriggerJets, response: Response, what: RatesSettings, smallest: float
) -> tuple[OfflinePoint, ...]:
    """Rates at a row of offline thresholds; those are left out that the sample tells nothing of.

    The online threshold is that which 95 % of background jets pass that have the offline threshold for their pT, by
    jets close to it, scaled to it. Smearing is averaged, not drawn.

    Args:
        jets: of background, the pT that of firmware.
        response: of the online pT to it.
        what: the configuration.
        smallest: online threshold (GeV).
    """
    found = []
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
        if squares <= 0 or passed**2 / squares < what.effective_min:
            break
        rate = what.collider.rate(passed)
        found.append(OfflinePoint(offline, online, rate, rate * math.sqrt(squares) / passed, passed**2 / squares))
    return tuple(found)


def expected(jets: TriggerJets, response: Response, threshold: float) -> Floats:
    """The cross section (pb) that each event is expected to pass a threshold (GeV) with, by any of its jets, [events].

    One event of two jets at the threshold, each of which passes with 1/2:

    >>> from models.rates.online_response import Gaussian
    >>> from models.rates.settings import ResolutionSettings
    >>> two = np.full(2, 100.0)
    >>> jets = TriggerJets(np.array([7, 7], np.uint64), np.full(2, 4.0), two, two, two, {}, two, two)
    >>> expected(jets, Gaussian(ResolutionSettings()), 100.0).tolist()
    [3.0]
    """
    missed = np.ones(jets.first.size)
    np.multiply.at(missed, jets.index, 1 - response.passing(jets.online_pt, threshold))
    found: Floats = jets.weight[jets.first] * (1 - missed)
    return found
