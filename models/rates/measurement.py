"""One trigger on one signal at many rates: efficiencies with their errors, and what they gain over a cut on the pT.

The errors of an efficiency (68.3 %) have two parts: the finite number of signal jets (`models/metrics/binomial.py`),
and the error of the threshold on the pT, from the bootstrap of the background (B. Efron, Ann. Statist. 7 (1979) 1): in
a replica every background event counts k times, k Poisson-distributed with mean 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.metrics.binomial import clopper_pearson, effective_tries
from models.metrics.bootstrap import Measured
from models.metrics.response import ONE_SIGMA
from models.rates.inclusive import Inclusive, Tally
from models.rates.nested_cuts import Points, Sample
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import Bools, Conditions, Floats, TriggerJets


@dataclass(frozen=True)
class Efficiency:
    """A share of signal jets with an interval of one standard deviation; it never leaves 0 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OperatingPoint:
    """A trigger at one rate.

    Attributes:
        allowed: the rate that it may have (kHz).
        rate: what it has (kHz): less, where the smallest threshold gives less, or too few events would pass.
        effective: effective number of background events that pass.
        threshold: on the pT in firmware (GeV).
        cut: smallest score that passes, in steps of the logits; None where the score is not asked for.
        efficiency: of the signal jets that are counted.
        per_resonance: efficiency of all generated resonances, whether or not a jet contains them; None where they are
            not known.
        per_event: the same of their events, which pass by any of their jets.
        gain: its efficiency less that of the cut on the pT alone at the same rate, on the same events; None where that
            is not known.
    """

    allowed: float
    rate: float
    effective: float
    threshold: float
    cut: int | None
    efficiency: Efficiency
    per_resonance: Efficiency | None
    per_event: Efficiency | None
    gain: Measured | None


@dataclass(frozen=True)
class TriggerResult:
    """One trigger for one signal.

    Attributes:
        curve: at many rates, falling; None where fewer events pass than something can be said of.
        points: at the rates of the configuration, the same.
        turn_on: at those rates, efficiency in the bins of the study.
    """

    curve: tuple[OperatingPoint | None, ...]
    points: tuple[OperatingPoint | None, ...]
    turn_on: tuple[tuple[Efficiency, ...] | None, ...]


class Measurement:
    """One trigger on one signal: chosen on the first parts, measured on the second ones."""

    def __init__(
        self,
        backgrounds: tuple[TriggerJets, TriggerJets],
        signals: tuple[TriggerJets, TriggerJets],
        conditions: tuple[Conditions, Conditions],
        what: RatesSettings,
        smallest: float,
        edges: tuple[float, ...],
        curve: Floats,
        inclusive: Inclusive | None,
    ) -> None:
        self._what, self._signal, self._cuts = what, signals[1], conditions[1].cuts
        rates = np.concatenate([np.asarray(what.rates), curve])
        self._order = np.argsort(rates, kind="stable")
        self._rates = rates[self._order]
        # the rate of all events, back from kHz: not an event less for a rounding
        areas = np.array([what.collider.cross_section(rate) for rate in self._rates]) * (1 + 1e-9)
        least = [what.effective_min * what.choosing / (1 - what.choosing), what.effective_min]
        first, second = (
            Sample(backgrounds[side], signals[side], conditions[side], smallest, least[side]) for side in (0, 1)
        )
        weights = [jets.weight[jets.first] for jets in backgrounds]
        way = first.way(areas, weights[0], signals[0].weight)
        self._found = second.points(way, areas, weights[1])
        pt = self._signal.offline_pt
        self._bins = [(pt >= low) & (pt < high) for low, high in pairwise(edges)]
        self._inclusive = inclusive
        self._tallies = self._counted(self._found)
        self.shares = self._shares(self._found)
        replicas = []
        for replica in range(what.replicas):
            rng = np.random.default_rng([what.seed, replica])
            replicas.append(self._shares(second.points(way, areas, weights[1] * rng.poisson(1, weights[1].size))))
        self.replicas = np.array(replicas)

    @property
    def accepted(self) -> Bools:
        """Which signal jets pass, [rates, jets]."""
        return self._found.accepted

    def _counted(self, found: Points) -> list[Tally]:
        """What is counted: all signal jets, those of each bin, and where they are known resonances and events."""
        jets = self._signal
        every = np.ones(len(jets), np.bool_)
        tallies = [
            Tally(found.accepted[:, chosen], jets.weight[chosen], jets.index[chosen]) for chosen in (every, *self._bins)
        ]
        return tallies if self._inclusive is None else [*tallies, *self._inclusive.tallies(found)]

    def _shares(self, found: Points) -> Floats:
        """The share of each tally that passes, [rates, tallies]; NaN without a point."""
        shares = np.stack([each.shares for each in self._counted(found)], axis=1)
        return np.where((found.cut < 0)[:, None], np.nan, shares)

    def result(self, pt: Measurement) -> TriggerResult:
        """All points, compared with the cut on the pT alone."""
        ordered = [self._point(index, pt) for index in range(self._rates.size)]
        points: list[OperatingPoint | None] = [None] * len(ordered)
        for index, place in enumerate(self._order.tolist()):
            points[place] = ordered[index]
        fixed = len(self._what.rates)
        ascending = np.argsort(self._order)[:fixed]
        turn_on = [
            None
            if self._found.cut[index] < 0
            else tuple(self._efficiency(int(index), 1 + number) for number in range(len(self._bins)))
            for index in ascending
        ]
        return TriggerResult(tuple(points[fixed:]), tuple(points[:fixed]), tuple(turn_on))

    def _point(self, index: int, pt: Measurement) -> OperatingPoint | None:
        found = self._found
        if found.cut[index] < 0:
            return None
        return OperatingPoint(
            allowed=float(self._rates[index]),
            rate=self._what.collider.rate(float(found.cross_section[index])),
            effective=float(found.effective[index]),
            threshold=float(found.threshold[index]),
            cut=self._cuts[int(found.cut[index])],
            efficiency=self._efficiency(index, 0),
            per_resonance=None if self._inclusive is None else self._efficiency(index, len(self._tallies) - 2),
            per_event=None if self._inclusive is None else self._efficiency(index, len(self._tallies) - 1),
            gain=None if pt is self else self._gain(index, pt),
        )

    def _efficiency(self, index: int, group: int) -> Efficiency:
        """An efficiency: the interval of counting, and that of the threshold, added in quadrature."""
        counted = self._tallies[group]
        value = float(self.shares[index, group])
        tries = effective_tries(counted.accepted[index], counted.weight, counted.group)
        low, high = clopper_pearson(value * tries, tries)
        known = self.replicas[:, index, group]
        known = known[np.isfinite(known)]
        below, above = np.quantile(known, ONE_SIGMA) if known.size else (value, value)
        down = math.hypot(value - low, max(value - float(below), 0.0))
        up = math.hypot(high - value, max(float(above) - value, 0.0))
        return Efficiency(value, max(value - down, 0.0), min(value + up, 1.0))

    def _gain(self, index: int, pt: Measurement) -> Measured | None:
        """The efficiency less that of the cut on the pT; what both share cancels, jet by jet and replica by replica."""
        value = float(self.shares[index, 0] - pt.shares[index, 0])
        if not math.isfinite(value):
            return None
        jets = self._signal
        change = jets.weight * (self.accepted[index].astype(np.float64) - pt.accepted[index] - value)
        counting = float((np.bincount(jets.index, change) ** 2).sum()) / float(jets.weight.sum()) ** 2
        spread = self.replicas[:, index, 0] - pt.replicas[:, index, 0]
        spread = spread[np.isfinite(spread)]
        return Measured(value, math.sqrt(counting + (float(spread.var(ddof=1)) if spread.size > 1 else 0.0)))
