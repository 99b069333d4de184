"""One trigger on one signal at many rates: efficiencies with their errors, and their gain over a cut on the pT.

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
from models.metrics.bootstrap import ValueWithError
from models.metrics.response import ONE_SIGMA
from models.rates.inclusive import Inclusive, Trials
from models.rates.nested_cuts import Points, Sample
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import Bools, Conditions, Floats, TriggerJets


@dataclass(frozen=True)
class Efficiency:
    """An efficiency with an interval of one standard deviation within 0 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OperatingPoint:
    """A trigger at one rate.

    Attributes:
        allowed: the allowed rate (kHz).
        rate: the actual rate (kHz): less where the smallest threshold gives less, or too few events would pass.
        effective: effective number of background events that pass.
        threshold: on the pT in firmware (GeV).
        cut: smallest score that passes, in steps of the logits; None without a cut on the score.
        efficiency: of the signal jets.
        per_resonance: efficiency of all generated resonances, whether or not a jet contains them; None where they are
            not known.
        per_event: efficiency of their events, which pass by any of their jets.
        gain: its efficiency minus that of the cut on the pT alone at the same rate, on the same events; None where that
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
    gain: ValueWithError | None


@dataclass(frozen=True)
class TriggerResult:
    """One trigger for one signal.

    Attributes:
        curve: points at many rates, falling; None where too few events pass.
        points: points at the rates of the configuration, likewise.
        turn_on: at those rates, efficiency in the bins of the study.
    """

    curve: tuple[OperatingPoint | None, ...]
    points: tuple[OperatingPoint | None, ...]
    turn_on: tuple[tuple[Efficiency, ...] | None, ...]


class Measurement:
    """One trigger on one signal: its cuts are chosen on the first parts, its numbers measured on the second ones."""

    def __init__(
        self,
        backgrounds: tuple[TriggerJets, TriggerJets],
        signals: tuple[TriggerJets, TriggerJets],
        conditions: tuple[Conditions, Conditions],
        settings: RatesSettings,
        smallest: float,
        edges: tuple[float, ...],
        curve: Floats,
        inclusive: Inclusive | None,
    ) -> None:
        self._settings, self._signal, self._cuts = settings, signals[1], conditions[1].cuts
        rates = np.concatenate([np.asarray(settings.rates), curve])
        self._order = np.argsort(rates, kind="stable")
        self._rates = rates[self._order]
        # the factor keeps the rate of all events that of all events after rounding
        areas = np.array([settings.collider.cross_section(rate) for rate in self._rates]) * (1 + 1e-9)
        effective_min = [settings.effective_min * settings.choosing / (1 - settings.choosing), settings.effective_min]
        choosing, measuring = (
            Sample(backgrounds[side], signals[side], conditions[side], smallest, effective_min[side]) for side in (0, 1)
        )
        weights = [jets.weight[jets.first_jets] for jets in backgrounds]
        path = choosing.best_path(areas, weights[0], signals[0].weight)
        self._points = measuring.points(path, areas, weights[1])
        pt = self._signal.offline_pt
        self._bins = [(pt >= low) & (pt < high) for low, high in pairwise(edges)]
        self._inclusive = inclusive
        self._trials = self._trials_at(self._points)
        self.shares = self._shares(self._points)
        replicas = []
        for replica in range(settings.replicas):
            rng = np.random.default_rng([settings.seed, replica])
            replicas.append(self._shares(measuring.points(path, areas, weights[1] * rng.poisson(1, weights[1].size))))
        self.replicas = np.array(replicas)

    @property
    def accepted(self) -> Bools:
        """Which signal jets pass, [rates, jets]."""
        return self._points.accepted

    def _trials_at(self, points: Points) -> list[Trials]:
        """All signal jets, those of each bin, and resonances and events where they are known."""
        jets = self._signal
        all_jets = np.ones(len(jets), np.bool_)
        trials = [
            Trials(points.accepted[:, mask], jets.weight[mask], jets.index[mask]) for mask in (all_jets, *self._bins)
        ]
        return trials if self._inclusive is None else [*trials, *self._inclusive.trials(points)]

    def _shares(self, points: Points) -> Floats:
        """The shares that pass of all trials, [rates, trials]; NaN without a point."""
        shares = np.stack([trials.shares for trials in self._trials_at(points)], axis=1)
        return np.where((points.cut < 0)[:, None], np.nan, shares)

    def result(self, pt: Measurement) -> TriggerResult:
        """All points, compared with the cut on the pT alone."""
        ordered = [self._point(index, pt) for index in range(self._rates.size)]
        points: list[OperatingPoint | None] = [None] * len(ordered)
        for index, place in enumerate(self._order.tolist()):
            points[place] = ordered[index]
        fixed = len(self._settings.rates)
        ascending = np.argsort(self._order)[:fixed]
        turn_on = [
            None
            if self._points.cut[index] < 0
            else tuple(self._efficiency(int(index), 1 + number) for number in range(len(self._bins)))
            for index in ascending
        ]
        return TriggerResult(tuple(points[fixed:]), tuple(points[:fixed]), tuple(turn_on))

    def _point(self, index: int, pt: Measurement) -> OperatingPoint | None:
        points = self._points
        if points.cut[index] < 0:
            return None
        return OperatingPoint(
            allowed=float(self._rates[index]),
            rate=self._settings.collider.rate(float(points.cross_section[index])),
            effective=float(points.effective[index]),
            threshold=float(points.threshold[index]),
            cut=self._cuts[int(points.cut[index])],
            efficiency=self._efficiency(index, 0),
            per_resonance=None if self._inclusive is None else self._efficiency(index, len(self._trials) - 2),
            per_event=None if self._inclusive is None else self._efficiency(index, len(self._trials) - 1),
            gain=None if pt is self else self._gain(index, pt),
        )

    def _efficiency(self, index: int, group: int) -> Efficiency:
        """An efficiency, with the intervals of counting and of the threshold added in quadrature."""
        trials = self._trials[group]
        value = float(self.shares[index, group])
        tries = effective_tries(trials.accepted[index], trials.weight, trials.group)
        low, high = clopper_pearson(value * tries, tries)
        shares = self.replicas[:, index, group]
        shares = shares[np.isfinite(shares)]
        below, above = np.quantile(shares, ONE_SIGMA) if shares.size else (value, value)
        down = math.hypot(value - low, max(value - float(below), 0.0))
        up = math.hypot(high - value, max(float(above) - value, 0.0))
        return Efficiency(value, max(value - down, 0.0), min(value + up, 1.0))

    def _gain(self, index: int, pt: Measurement) -> ValueWithError | None:
        """The efficiency minus that of the cut on the pT; common fluctuations cancel by jet and by replica."""
        value = float(self.shares[index, 0] - pt.shares[index, 0])
        if not math.isfinite(value):
            return None
        jets = self._signal
        change = jets.weight * (self.accepted[index].astype(np.float64) - pt.accepted[index] - value)
        counting = float((np.bincount(jets.index, change) ** 2).sum()) / float(jets.weight.sum()) ** 2
        spread = self.replicas[:, index, 0] - pt.replicas[:, index, 0]
        spread = spread[np.isfinite(spread)]
        return ValueWithError(value, math.sqrt(counting + (float(spread.var(ddof=1)) if spread.size > 1 else 0.0)))
