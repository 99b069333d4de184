"""Triggers on single jets: which thresholds make a rate, and which signal jets pass them.

A trigger is a condition on a jet (none, a mass window, a cut on a score) and a threshold on its pT. It takes an event
when one of its jets passes, so an event counts once, with the largest pT of its jets that fulfil the condition. Where
several conditions are tried, the best is chosen on one half of the events and measured on the other, and the other way
round: what is chosen by a fluctuation is not measured on the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from data_prep.split import splitmix64

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TriggerJets:
    """Jets as the triggers see them.

    Attributes:
        event: identifier of each jet's event, uint64 [jets].
        weight: cross section that the event stands for (pb), not negative, [jets].
        online_pt: what firmware takes for the pT (GeV), [jets].
        offline_pt: pT from all constituents (GeV), [jets].
        mass: soft-drop mass (GeV), NaN where it is not known, [jets].
        score: of the tagger, by signal class, in integer steps of its logits, [jets].
    """

    event: npt.NDArray[np.uint64]
    weight: Floats
    online_pt: Floats
    offline_pt: Floats
    mass: Floats
    score: Mapping[str, Ints]

    def __len__(self) -> int:
        return self.event.size

    def take(self, rows: Ints) -> TriggerJets:
        """The jets of some rows."""
        return TriggerJets(
            event=self.event[rows],
            weight=self.weight[rows],
            online_pt=self.online_pt[rows],
            offline_pt=self.offline_pt[rows],
            mass=self.mass[rows],
            score={name: each[rows] for name, each in self.score.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence[TriggerJets]) -> TriggerJets:
        """The jets of all parts, one after the other; at least one part."""
        return cls(
            event=np.concatenate([each.event for each in parts]),
            weight=np.concatenate([each.weight for each in parts]),
            online_pt=np.concatenate([each.online_pt for each in parts]),
            offline_pt=np.concatenate([each.offline_pt for each in parts]),
            mass=np.concatenate([each.mass for each in parts]),
            score={name: np.concatenate([each.score[name] for each in parts]) for name in parts[0].score},
        )

    @cached_property
    def _events(self) -> tuple[Ints, Ints]:
        _, first, index = np.unique(self.event, return_index=True, return_inverse=True)
        return first.astype(np.int64), index.astype(np.int64)

    @property
    def first(self) -> Ints:
        """A jet of each event, [events]."""
        return self._events[0]

    @property
    def index(self) -> Ints:
        """The event of each jet, [jets]."""
        return self._events[1]


@dataclass(frozen=True)
class Conditions:
    """What a trigger asks of a jet besides its pT: one or several conditions to choose from.

    Attributes:
        cuts: what each is called: the smallest score that passes; None where it is no cut on the score.
        background: which background jets fulfil each, [conditions, jets].
        signal: the same of the signal jets.
    """

    cuts: tuple[int | None, ...]
    background: Bools
    signal: Bools


def no_condition(background: TriggerJets, signal: TriggerJets) -> Conditions:
    """The trigger on the pT alone."""
    return Conditions((None,), np.ones((1, len(background)), np.bool_), np.ones((1, len(signal)), np.bool_))


def in_window(background: TriggerJets, signal: TriggerJets, low: float, high: float) -> Conditions:
    """The trigger that asks for a soft-drop mass from `low` up to below `high` (GeV)."""
    inside = [((jets.mass >= low) & (jets.mass < high))[None] for jets in (background, signal)]
    return Conditions((None,), inside[0], inside[1])


def on_score(background: TriggerJets, signal: TriggerJets, name: str, number: int) -> Conditions:
    """The trigger that cuts on the score of a class.

    Args:
        background: the background jets.
        signal: the signal jets.
        name: the class.
        number: cuts to choose from: quantiles of the signal's scores, the lowest of them lets every jet pass.
    """
    scores = background.score[name], signal.score[name]
    lowest = min(int(each.min()) for each in scores)
    quantiles = np.quantile(scores[1], np.linspace(0, 1, number, endpoint=False)[1:], method="lower")
    cuts = np.unique([lowest, *quantiles.astype(np.int64)])
    return Conditions(tuple(cuts.tolist()), scores[0] >= cuts[:, None], scores[1] >= cuts[:, None])


class _Falling:
    """Things above a smallest pT by falling pT; those of equal pT pass a threshold together."""

    def __init__(self, pt: Floats, smallest: float) -> None:
        rows = np.flatnonzero(pt >= smallest)
        self._rows = rows[np.argsort(-pt[rows], kind="stable")]
        value = pt[self._rows]
        self._last = np.flatnonzero(np.append(value[1:] != value[:-1], True)[: value.size])
        self._value, self._smallest = value[self._last], smallest

    def sums(self, weight: Floats) -> Floats:
        """The weight above each threshold, from the highest to the lowest; 0 for none at all before them."""
        return np.append(0.0, np.cumsum(weight[self._rows])[self._last])

    def thresholds(self, weight: Floats, most: Floats) -> Floats:
        """The lowest thresholds that let no more than some weights pass; infinite where there is none."""
        fitting = np.searchsorted(self.sums(weight), most, side="right") - 1
        found = np.append(np.inf, self._value)[fitting]
        return np.where(fitting == self._value.size, self._smallest, found)

    def passing(self, sums: Floats, threshold: Floats) -> Floats:
        """Of `sums`, what passes each threshold."""
        found: Floats = sums[np.searchsorted(-self._value, -threshold, side="right")]
        return found


@dataclass(frozen=True)
class Points:
    """Operating points of a trigger, one a rate.

    Attributes:
        cut: index of the condition that is chosen of all events; −1: none can be, on these or on one half of them.
        threshold: on the pT (GeV), infinite where none can be.
        cross_section: of the background that passes (pb).
        effective: effective number of background events that pass.
        accepted: which signal jets pass, each by what the other half of the events chose, [rates, jets].
    """

    cut: Ints
    threshold: Floats
    cross_section: Floats
    effective: Floats
    accepted: Bools


class Scan:
    """All thresholds of one trigger on one sample.

    Args:
        background: the background jets.
        signal: the signal jets.
        conditions: what is asked of a jet besides its pT.
        smallest: the smallest threshold (GeV).
        effective_min: a condition that leaves fewer effective background events at a rate, or half as many in a half,
            is not chosen there.
    """

    def __init__(
        self,
        background: TriggerJets,
        signal: TriggerJets,
        conditions: Conditions,
        smallest: float,
        effective_min: float,
    ) -> None:
        self._conditions, self._signal, self._effective_min = conditions, signal, effective_min
        self._events = [_Falling(event_maxima(background, mask), smallest) for mask in conditions.background]
        self._jets = [_Falling(np.where(mask, signal.online_pt, -np.inf), smallest) for mask in conditions.signal]
        self._halves = [_halves(background.event[background.first]), _halves(signal.event)]

    def points(self, cross_sections: Floats, background: Floats, signal: Floats) -> Points:
        """The operating points at some cross sections.

        Args:
            cross_sections: of the background that may pass (pb), [rates].
            background: weight of every background event (pb), [events].
            signal: weight of every signal jet, [jets].
        """
        whole = self._chosen(cross_sections, background, signal, self._effective_min)
        accepted = np.zeros((cross_sections.size, len(self._signal)), np.bool_)
        if len(self._events) == 1:
            accepted |= self._accepted(whole, self._thresholds(whole, cross_sections, background))
        else:
            for half in (0, 1):
                mine, other = (
                    [2 * w * (h == side) for w, h in zip((background, signal), self._halves, strict=True)]
                    for side in (half, 1 - half)
                )
                chosen = self._chosen(cross_sections, other[0], other[1], self._effective_min / 2)
                passing = self._accepted(chosen, self._thresholds(chosen, cross_sections, mine[0]))
                accepted |= passing & (self._halves[1] == half)
                whole = np.where(chosen >= 0, whole, -1)
        thresholds = self._thresholds(whole, cross_sections, background)
        passed, effective = self._background(whole, thresholds, background)
        return Points(whole, thresholds, passed, effective, accepted)

    def _chosen(self, cross_sections: Floats, background: Floats, signal: Floats, effective_min: float) -> Ints:
        """The condition of largest efficiency at each rate, [rates]; −1 where all leave too few events."""
        best = np.full(cross_sections.size, -1)
        most = np.full(cross_sections.size, -1.0)
        for index, (events, jets) in enumerate(zip(self._events, self._jets, strict=True)):
            threshold = events.thresholds(background, cross_sections)
            effective = _effective(events, background, threshold)
            efficiency = np.where(effective >= effective_min, jets.passing(jets.sums(signal), threshold), -np.inf)
            best = np.where(efficiency > most, index, best)
            most = np.maximum(most, efficiency)
        return best

    def _thresholds(self, chosen: Ints, cross_sections: Floats, background: Floats) -> Floats:
        found = np.full(cross_sections.size, np.inf)
        for index in np.unique(chosen[chosen >= 0]):
            rates = chosen == index
            found[rates] = self._events[index].thresholds(background, cross_sections[rates])
        return found

    def _accepted(self, chosen: Ints, threshold: Floats) -> Bools:
        passing = self._conditions.signal[chosen] & (self._signal.online_pt >= threshold[:, None])
        return passing & (chosen >= 0)[:, None]

    def _background(self, chosen: Ints, threshold: Floats, background: Floats) -> tuple[Floats, Floats]:
        passed, effective = np.zeros(chosen.size), np.zeros(chosen.size)
        for index in np.unique(chosen[chosen >= 0]):
            rates = chosen == index
            events = self._events[index]
            passed[rates] = events.passing(events.sums(background), threshold[rates])
            effective[rates] = _effective(events, background, threshold[rates])
        return passed, effective


def event_maxima(jets: TriggerJets, fulfil: Bools) -> Floats:
    """The largest pT in firmware of an event's jets that fulfil a condition, −∞ where none does, [events].

    >>> jets = TriggerJets(np.array([7, 7, 9], np.uint64), *(np.array([1.0, 3.0, 2.0]) for _ in range(4)), {})
    >>> event_maxima(jets, np.array([True, False, False])).tolist()
    [1.0, -inf]
    """
    found = np.full(jets.first.size, -np.inf)
    np.maximum.at(found, jets.index[fulfil], jets.online_pt[fulfil])
    return found


def _effective(events: _Falling, weight: Floats, threshold: Floats) -> Floats:
    """The effective number (Σw)² / Σw² of events above each threshold."""
    total = events.passing(events.sums(weight), threshold)
    squares = events.passing(events.sums(weight**2), threshold)
    return np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0)


def _halves(event: npt.NDArray[np.uint64]) -> Ints:
    """The half, 0 or 1, that each event belongs to: a bit of the hash of its identifier."""
    return (splitmix64(event) >> np.uint64(63)).astype(np.int64)
