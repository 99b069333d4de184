"""Trigger rate against signal efficiency: a tagger, a cut on the pT, and the pT with a soft-drop mass.

Efficiencies are those of single signal jets; rates those of events (`models/trigger_rate.py`). Statistical errors are
the spread over replicas of the whole sample, in which every event counts k times, k Poisson-distributed with mean 1
(the bootstrap, B. Efron, Ann. Statist. 7 (1979) 1): thresholds and choices are made anew in each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from data_prep.errors import ConfigurationError
from models.metrics import effective_number
from models.rate_settings import RatesSettings
from models.trigger_rate import (
    Conditions,
    Floats,
    Points,
    Scan,
    TriggerJets,
    event_maxima,
    in_window,
    no_condition,
    on_score,
)

PT, MASS, TAGGER = "pt", "pt_mass", "tagger"
TRIGGERS = (PT, MASS, TAGGER)
"""The triggers that are compared."""

_PER_DECADE = 8
"""Points of a curve in a factor of ten of the rate."""
_DECADES = 4
"""How far below the rate of all events curves begin."""


@dataclass(frozen=True)
class Efficiency:
    """A share of signal jets with its statistical error (one standard deviation)."""

    value: float
    error: float


@dataclass(frozen=True)
class OperatingPoint:
    """A trigger at one rate.

    Attributes:
        allowed: the rate that it may have (kHz).
        rate: what it has (kHz): less, where the smallest threshold gives less.
        effective: effective number of background events that pass.
        threshold: on the pT in firmware (GeV).
        cut: smallest score that passes, in steps of the logits; None where the score is not asked for.
        efficiency: of the signal jets that are counted.
    """

    allowed: float
    rate: float
    effective: float
    threshold: float
    cut: int | None
    efficiency: Efficiency


@dataclass(frozen=True)
class TriggerResult:
    """One trigger for one signal.

    Attributes:
        curve: at many rates; None where fewer events pass than something can be said of.
        points: at the rates of the configuration, the same.
        turn_on: at those rates, efficiency in bins of the pT from all constituents; None in bins with too few jets.
    """

    curve: tuple[OperatingPoint | None, ...]
    points: tuple[OperatingPoint | None, ...]
    turn_on: tuple[tuple[Efficiency | None, ...] | None, ...]


@dataclass(frozen=True)
class RateStudy:
    """All triggers on one sample.

    Attributes:
        total: rate of all events with a jet above the smallest threshold (kHz).
        effective: the effective number of those events.
        events, jets: background events with a jet, and their jets.
        signal_jets: jets that efficiencies are taken of, and their effective number, by signal.
        results: by signal and trigger; a trigger on a mass that no jet has is left out.
    """

    total: float
    effective: float
    events: int
    jets: int
    signal_jets: dict[str, tuple[int, float]]
    results: dict[str, dict[str, TriggerResult]]

    def as_json(self) -> dict[str, Any]:
        """What `rates.json` holds of it."""
        return asdict(self)


def study(
    background: TriggerJets,
    signals: Mapping[str, TriggerJets],
    what: RatesSettings,
    advance: Callable[[int], None] = lambda _: None,
) -> RateStudy:
    """Measure all triggers.

    Args:
        background: all jets of background events.
        signals: jets by signal class.
        what: the configuration.
        advance: called with 1 after each of signals × triggers.

    Raises:
        ConfigurationError: one of the rates is larger than that of all events.
    """
    weight = background.weight[background.first]
    above = event_maxima(background, np.ones(len(background), np.bool_)) >= what.online_pt_min
    total = what.collider.rate(float(weight[above].sum()))
    if total < what.rates[-1]:
        raise ConfigurationError(
            f"'rates': {what.rates[-1]:g} kHz are asked for, all events of the sample with a jet above "
            f"{what.online_pt_min:g} GeV ('online_pt_min') have {total:.3g} kHz",
            remedy="ask for lower rates, or give a sample down to lower pT",
        )
    curve = total * 10 ** (-np.arange(_DECADES * _PER_DECADE + 1) / _PER_DECADE)
    results: dict[str, dict[str, TriggerResult]] = {}
    counted: dict[str, tuple[int, float]] = {}
    for name, all_jets in signals.items():
        jets = all_jets.take(np.flatnonzero(all_jets.offline_pt >= what.offline_pt_min))
        counted[name] = len(jets), effective_number(jets.weight)
        results[name] = {}
        for trigger, conditions in _triggers(background, jets, name, what).items():
            results[name][trigger] = _Measurement(background, jets, conditions, what).result(curve)
            advance(1)
    return RateStudy(total, effective_number(weight[above]), weight.size, len(background), counted, results)


def _triggers(background: TriggerJets, signal: TriggerJets, name: str, what: RatesSettings) -> dict[str, Conditions]:
    found = {PT: no_condition(background, signal)}
    if np.isfinite(background.mass).any() and np.isfinite(signal.mass).any():
        found[MASS] = in_window(background, signal, *what.signals[name].mass)
    return found | {TAGGER: on_score(background, signal, name, what.cuts)}


class _Measurement:
    """One trigger on one signal."""

    def __init__(
        self, background: TriggerJets, signal: TriggerJets, conditions: Conditions, what: RatesSettings
    ) -> None:
        self._background, self._signal, self._conditions, self._what = background, signal, conditions, what
        self._scan = Scan(background, signal, conditions, what.online_pt_min, what.effective_min)
        self._weight = background.weight[background.first]
        bins = np.searchsorted(what.turn_on, signal.offline_pt, side="right") - 1
        self._bins = [bins == index for index in range(len(what.turn_on) - 1)]

    def result(self, curve: Floats) -> TriggerResult:
        """The trigger at the rates of the curve (kHz) and of the configuration."""
        what, fixed = self._what, len(self._what.rates)
        rates = np.concatenate([np.asarray(what.rates), curve])
        areas = np.array([what.collider.cross_section(rate) for rate in rates])
        # the rate of all events, back from kHz: not an event less for a rounding
        areas *= 1 + 1e-9
        found = self._scan.points(areas, self._weight, self._signal.weight)
        value, by_bin = self._efficiencies(found, self._signal.weight)
        spread, spread_by_bin = self._spreads(areas)
        points = [self._point(rates[i], i, found, value[i], spread[i]) for i in range(rates.size)]
        measured = self._signal.weight
        enough = [effective_number(measured[inside]) for inside in self._bins]
        turn_on = [
            None
            if points[i] is None
            else tuple(
                _efficiency(by_bin[i, k], spread_by_bin[i, k], enough[k]) if enough[k] >= what.effective_min else None
                for k in range(len(self._bins))
            )
            for i in range(fixed)
        ]
        return TriggerResult(tuple(points[fixed:]), tuple(points[:fixed]), tuple(turn_on))

    def _point(self, rate: float, index: int, found: Points, value: float, spread: float) -> OperatingPoint | None:
        if found.cut[index] < 0:
            return None
        return OperatingPoint(
            allowed=float(rate),
            rate=self._what.collider.rate(float(found.cross_section[index])),
            effective=float(found.effective[index]),
            threshold=float(found.threshold[index]),
            cut=self._conditions.cuts[int(found.cut[index])],
            efficiency=_efficiency(value, spread, effective_number(self._signal.weight)),
        )

    def _efficiencies(self, found: Points, weight: Floats) -> tuple[Floats, Floats]:
        """The share of the signal jets that pass, [rates], and in bins of the offline pT, [rates, bins].

        NaN where no condition can be chosen.
        """
        passing = found.accepted * weight
        bins = [(passing[:, inside].sum(axis=1), weight[inside].sum()) for inside in self._bins]
        shares = [passed / total if total > 0 else np.zeros(passed.size) for passed, total in bins]
        total = weight.sum()
        whole: Floats = passing.sum(axis=1) / total if total > 0 else np.zeros(len(passing))
        unknown = found.cut < 0
        return np.where(unknown, np.nan, whole), np.where(unknown[:, None], np.nan, np.stack(shares, axis=1))

    def _spreads(self, areas: Floats) -> tuple[Floats, Floats]:
        """Standard deviations of the efficiencies over those replicas in which a condition can be chosen."""
        whole, bins = [], []
        for replica in range(self._what.replicas):
            rng = np.random.default_rng([self._what.seed, replica])
            background = self._weight * rng.poisson(1, self._weight.size)
            signal = self._signal.weight * rng.poisson(1, self._signal.first.size)[self._signal.index]
            each, by_bin = self._efficiencies(self._scan.points(areas, background, signal), signal)
            whole.append(each)
            bins.append(by_bin)
        return _spread(np.array(whole)), _spread(np.array(bins))


def _spread(values: Floats) -> Floats:
    """The standard deviation along the first axis of what is not NaN, 0 where that is fewer than two."""
    known = np.isfinite(values)
    number = known.sum(axis=0)
    mean = np.where(known, values, 0).sum(axis=0) / np.maximum(number, 1)
    squares = np.where(known, (values - mean) ** 2, 0).sum(axis=0)
    return np.asarray(np.sqrt(squares / np.maximum(number - 1, 1)), dtype=np.float64)


def _efficiency(value: float, spread: float, jets: float) -> Efficiency:
    """An efficiency whose error is at least that of counting jets, which is not 0 where all or none of them pass."""
    p = (value * jets + 1) / (jets + 2)
    return Efficiency(float(value), max(float(spread), math.sqrt(p * (1 - p) / max(jets, 1.0))))
