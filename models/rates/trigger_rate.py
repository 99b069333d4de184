"""Triggers on single jets: the thresholds that give a rate, and which signal jets pass them.

A trigger is a condition on a jet (none, a mass window, a cut on a score) and a threshold on its pT. It accepts an event
when one of its jets passes, so an event counts once, with the largest pT of its jets that fulfil the condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from data_prep.store.split import splitmix64

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TriggerJets:
    """Jets as the triggers see them.

    Attributes:
        event: identifier of each jet's event, uint64 [jets].
        weight: cross section that the event stands for (pb), not negative, [jets].
        online_pt: pT at level 1 (GeV), [jets].
        offline_pt: pT from all constituents (GeV), [jets].
        mass: soft-drop mass (GeV), NaN where it is not known, [jets].
        score: of the tagger, by signal class, in integer steps of its logits, [jets].
        eta, phi: direction of the jet (radians), [jets].
    """

    event: npt.NDArray[np.uint64]
    weight: Floats
    online_pt: Floats
    offline_pt: Floats
    mass: Floats
    score: Mapping[str, Ints]
    eta: Floats
    phi: Floats

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
            score={name: score[rows] for name, score in self.score.items()},
            eta=self.eta[rows],
            phi=self.phi[rows],
        )

    def with_online_pt(self, online_pt: Floats) -> TriggerJets:
        """The same jets with another online pT (GeV)."""
        return replace(self, online_pt=online_pt)

    def weighted(self, factor: float) -> TriggerJets:
        """The same jets, all weights times a factor."""
        return replace(self, weight=self.weight * factor)

    @classmethod
    def joined(cls, parts: Sequence[TriggerJets]) -> TriggerJets:
        """The jets of all parts, one after the other; at least one part."""
        return cls(
            event=np.concatenate([part.event for part in parts]),
            weight=np.concatenate([part.weight for part in parts]),
            online_pt=np.concatenate([part.online_pt for part in parts]),
            offline_pt=np.concatenate([part.offline_pt for part in parts]),
            mass=np.concatenate([part.mass for part in parts]),
            score={name: np.concatenate([part.score[name] for part in parts]) for name in parts[0].score},
            eta=np.concatenate([part.eta for part in parts]),
            phi=np.concatenate([part.phi for part in parts]),
        )

    @cached_property
    def _events(self) -> tuple[Ints, Ints]:
        _, first_rows, index = np.unique(self.event, return_index=True, return_inverse=True)
        return first_rows.astype(np.int64), index.astype(np.int64)

    @property
    def first_jets(self) -> Ints:
        """The row of the first jet of each event, [events]."""
        return self._events[0]

    @property
    def index(self) -> Ints:
        """The event of each jet, [jets]."""
        return self._events[1]


@dataclass(frozen=True)
class Conditions:
    """The conditions of a trigger on a jet besides its pT: one or several to choose from.

    Attributes:
        cuts: the smallest scores that pass, ascending, so that each condition passes all jets that the next one does;
            None where it is no cut on the score.
        background: which background jets fulfil each, [conditions, jets].
        signal: which signal jets fulfil each, [conditions, jets].
    """

    cuts: tuple[int | None, ...]
    background: Bools
    signal: Bools


def no_condition(background: TriggerJets, signal: TriggerJets) -> Conditions:
    """The trigger on the pT alone."""
    return Conditions((None,), np.ones((1, len(background)), np.bool_), np.ones((1, len(signal)), np.bool_))


def in_window(background: TriggerJets, signal: TriggerJets, low: float, high: float) -> Conditions:
    """The trigger that requires a soft-drop mass from `low` up to below `high` (GeV)."""
    inside = [((jets.mass >= low) & (jets.mass < high))[None] for jets in (background, signal)]
    return Conditions((None,), inside[0], inside[1])


def on_score(background: TriggerJets, signal: TriggerJets, name: str, cuts: Ints) -> Conditions:
    """The trigger that cuts on the score of a class.

    Args:
        background: the background jets.
        signal: the signal jets.
        name: the class.
        cuts: smallest scores that pass, ascending.
    """
    scores = background.score[name], signal.score[name]
    return Conditions(tuple(cuts.tolist()), scores[0] >= cuts[:, None], scores[1] >= cuts[:, None])


def cuts_on_score(samples: Sequence[Ints], chosen_on: Sequence[Ints], number: int) -> Ints:
    """Cuts to choose from, ascending: quantiles of scores, and one that every jet passes.

    Args:
        samples: the scores of all jets, sample by sample.
        chosen_on: the scores of the jets on which the cut is chosen, signal and background.
        number: quantiles of each, the lowest left out.

    >>> cuts_on_score([np.array([-9, 4])], [np.array([1, 2, 3, 4])], 4).tolist()
    [-9, 1, 2, 3]
    """
    lowest = min(int(sample.min()) for sample in samples)
    shares = np.linspace(0, 1, number, endpoint=False)[1:]
    quantiles = [np.quantile(sample, shares, method="lower").astype(np.int64) for sample in chosen_on]
    cuts: Ints = np.unique(np.concatenate([[lowest], *quantiles]))
    return cuts


class FallingPt:
    """Jets or events above a smallest pT, sorted by falling pT; those of equal pT pass a threshold together."""

    def __init__(self, pt: Floats, smallest: float) -> None:
        rows = np.flatnonzero(pt >= smallest)
        self._rows = rows[np.argsort(-pt[rows], kind="stable")]
        value = pt[self._rows]
        self._last = np.flatnonzero(np.append(value[1:] != value[:-1], True)[: value.size])
        self._value, self._smallest = value[self._last], smallest

    def sums(self, weight: Floats) -> Floats:
        """The weight above each threshold, from the highest to the lowest, after a 0 above all of them."""
        return np.append(0.0, np.cumsum(weight[self._rows])[self._last])

    def thresholds(self, weight: Floats, limits: Floats) -> Floats:
        """The lowest thresholds above which the weight is within some limits; infinite where there is none."""
        fitting = np.searchsorted(self.sums(weight), limits, side="right") - 1
        thresholds = np.append(np.inf, self._value)[fitting]
        return np.where(fitting == self._value.size, self._smallest, thresholds)

    def passing(self, sums: Floats, threshold: Floats) -> Floats:
        """The entry of `sums` that passes each threshold."""
        passing: Floats = sums[np.searchsorted(-self._value, -threshold, side="right")]
        return passing


def event_maxima(jets: TriggerJets, fulfil: Bools) -> Floats:
    """The largest pT in firmware of an event's jets that fulfil a condition, −∞ where none does, [events].

    >>> jets = TriggerJets(np.array([7, 7, 9], np.uint64), *[np.array([1.0, 3.0, 2.0])] * 4, {}, *[np.zeros(3)] * 2)
    >>> event_maxima(jets, np.array([True, False, False])).tolist()
    [1.0, -inf]
    """
    maxima = np.full(jets.first_jets.size, -np.inf)
    np.maximum.at(maxima, jets.index[fulfil], jets.online_pt[fulfil])
    return maxima


def effective_above(events: FallingPt, weight: Floats, threshold: Floats) -> Floats:
    """The effective number (Σw)² / Σw² of events above each threshold."""
    total = events.passing(events.sums(weight), threshold)
    squares = events.passing(events.sums(weight**2), threshold)
    return np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0)


def part_of(event: npt.NDArray[np.uint64], share: float) -> Bools:
    """Which events belong to a share of all events: those whose hash of the identifier, in [0, 1), is below it."""
    return (splitmix64(event) >> np.uint64(11)).astype(np.float64) * 2.0**-53 < share
