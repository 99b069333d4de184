"""Nested triggers: what passes at one rate passes at every larger one, so that no efficiency falls as a rate grows.

On one part of the events a way is chosen from tight to loose along which neither the cut on the score nor the threshold
on the pT goes up. On the other part every rate is measured with the last trigger of that way that keeps it. So the way
knows nothing of the events on which its efficiencies are quoted, and these decide nothing but how far one may go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.rates.trigger_rate import (
    Bools,
    Conditions,
    Falling,
    Floats,
    Ints,
    TriggerJets,
    effective_above,
    event_maxima,
)


@dataclass(frozen=True)
class Stretch:
    """A part of the way: the condition stays, the threshold on the pT goes from `high` down to `low` (GeV)."""

    condition: int
    high: float
    low: float


@dataclass(frozen=True)
class Points:
    """A trigger at several rates, ascending.

    Attributes:
        cut: index of the condition; -1: none, for too few background events pass.
        threshold: on the pT (GeV), infinite where there is none.
        cross_section: of the background that passes (pb).
        effective: effective number of background events that pass.
        accepted: which signal jets pass, [rates, jets]; who passes at one rate does at all larger ones.
    """

    cut: Ints
    threshold: Floats
    cross_section: Floats
    effective: Floats
    accepted: Bools


class Sample:
    """One part of the events, and all thresholds of one trigger on it.

    Args:
        background: the background jets.
        signal: the signal jets.
        conditions: what is asked of a jet besides its pT; each lets pass what the next one does.
        smallest: the smallest threshold (GeV).
        effective_min: smallest effective number of background events that must pass.
    """

    def __init__(
        self,
        background: TriggerJets,
        signal: TriggerJets,
        conditions: Conditions,
        smallest: float,
        effective_min: float,
    ) -> None:
        self._conditions, self._signal = conditions, signal
        self._smallest, self._effective_min = smallest, effective_min
        self._events = [Falling(event_maxima(background, mask), smallest) for mask in conditions.background]
        self._jets = [Falling(np.where(mask, signal.online_pt, -np.inf), smallest) for mask in conditions.signal]

    def way(self, cross_sections: Floats, background: Floats, signal: Floats) -> tuple[Stretch, ...]:
        """Of all ways the one with the largest sum of efficiencies over the rates.

        Args:
            cross_sections: of the background that may pass (pb), ascending.
            background: weight of every background event (pb), [events].
            signal: weight of every signal jet, [jets].
        """
        lowest = np.stack([events.thresholds(background, cross_sections) for events in self._events])
        grid = np.unique(lowest[np.isfinite(lowest)])
        gain = np.stack([jets.passing(jets.sums(signal), grid) for jets in self._jets])
        cost = np.stack([events.passing(events.sums(background), grid) for events in self._events])
        enough = np.stack([effective_above(events, background, grid) for events in self._events])
        rows, columns = best_family(gain, cost, enough >= self._effective_min, cross_sections)
        known = rows >= 0
        return stretches(rows[known], grid[columns[known]], self._smallest)

    def points(self, way: Sequence[Stretch], cross_sections: Floats, background: Floats) -> Points:
        """The last trigger of a way that keeps each rate.

        Where too few events pass it is that of the next smaller rate at which enough do, for a trigger need not use all
        of its rate.

        Args:
            way: from tight to loose.
            cross_sections: of the background that may pass (pb), ascending.
            background: weight of every background event (pb), [events].
        """
        used = sorted({each.condition for each in way})
        sums = {row: self._events[row].sums(background) for row in used}
        lowest = {row: self._events[row].thresholds(background, cross_sections) for row in used}
        ends = [
            float(self._events[each.condition].passing(sums[each.condition], np.array([each.low]))[0]) for each in way
        ]
        # the first stretch that cannot be gone to its end, or the last of all
        places = np.minimum(np.searchsorted(np.maximum.accumulate(ends), cross_sections, side="right"), len(way) - 1)
        cut, threshold = np.full(places.size, -1), np.full(places.size, np.inf)
        for rate, place in enumerate(places.tolist()):
            stretch = way[place]
            found = max(lowest[stretch.condition][rate], stretch.low)
            if found > stretch.high:
                stretch = way[place - 1]
                found = stretch.low
            if np.isfinite(found):
                cut[rate], threshold[rate] = stretch.condition, found
        return self._measured(cut, threshold, background)

    def _measured(self, cut: Ints, threshold: Floats, background: Floats) -> Points:
        passed, effective = np.zeros(cut.size), np.zeros(cut.size)
        for row in np.unique(cut[cut >= 0]):
            rates, events = cut == row, self._events[row]
            passed[rates] = events.passing(events.sums(background), threshold[rates])
            effective[rates] = effective_above(events, background, threshold[rates])
        # of each rate, the largest up to it at which enough events pass
        enough = (cut >= 0) & (effective >= self._effective_min)
        source = np.maximum.accumulate(np.where(enough, np.arange(cut.size), -1))
        none = source < 0
        cut, threshold = np.where(none, -1, cut[source]), np.where(none, np.inf, threshold[source])
        passing = self._conditions.signal[cut] & (self._signal.online_pt >= threshold[:, None])
        return Points(
            cut=cut,
            threshold=threshold,
            cross_section=np.where(none, 0.0, passed[source]),
            effective=np.where(none, 0.0, effective[source]),
            accepted=passing & ~none[:, None],
        )


def stretches(conditions: Ints, thresholds: Floats, smallest: float) -> tuple[Stretch, ...]:
    """The way through some triggers: between two of them both numbers go down together, in steps of the condition.

    Args:
        conditions: not ascending; none: the way is that of the threshold on the pT alone.
        thresholds: on the pT (GeV), not ascending.
        smallest: the threshold at which it ends, under the condition 0 (GeV).

    >>> for each in stretches(np.array([2, 0]), np.array([300.0, 200.0]), 100.0):
    ...     print(each.condition, each.high, each.low)
    2 inf 300.0
    1 300.0 250.0
    0 250.0 200.0
    0 200.0 100.0
    """
    found: list[Stretch] = []
    row, high = int(conditions[0]) if conditions.size else 0, np.inf
    for wanted, threshold in zip(conditions.tolist(), thresholds.tolist(), strict=True):
        steps = row - wanted
        if not steps or not np.isfinite(high):
            found.append(Stretch(wanted, high, threshold))
        else:
            lows = np.linspace(high, threshold, steps + 1).tolist()
            found += [Stretch(row - 1 - i, lows[i], lows[i + 1]) for i in range(steps)]
        row, high = wanted, threshold
    found += [Stretch(each, high, high) for each in range(row - 1, -1, -1)] if np.isfinite(high) else []
    return (*found, Stretch(0, high, smallest))


def best_family(gain: Floats, cost: Floats, usable: Bools, most: Floats) -> tuple[Ints, Ints]:
    """The places of the largest sum of `gain`, one a rate, at which neither row nor column goes up.

    Found rate by rate (R. Bellman's dynamic programming): the best sum that ends at a place is its gain and the best
    sum of the rate before at a place from which one may come. Of equal sums the lowest row and column.

    Args:
        gain: [conditions, thresholds].
        cost: what must not exceed `most`, [conditions, thresholds].
        usable: places that may be taken at all, [conditions, thresholds].
        most: ascending, [rates].

    Returns:
        rows and columns, [rates]; -1 for the rates at which no place may be taken.

    >>> gain, cost = np.array([[9.0, 3.0], [5.0, 2.0]]), np.array([[9.0, 5.0], [4.0, 1.0]])
    >>> rows, columns = best_family(gain, cost, cost > 0, np.array([0.5, 1.0, 4.0, 5.0, 9.0]))
    >>> rows.tolist(), columns.tolist()
    ([-1, 1, 1, 1, 0], [-1, 1, 0, 0, 0])
    """
    totals: list[Floats] = []
    reached = np.zeros_like(gain)
    for limit in most:
        totals.append(np.where(usable & (cost <= limit), gain + reached, -np.inf))
        if np.isfinite(totals[-1]).any():
            reached = np.maximum.accumulate(np.maximum.accumulate(totals[-1][::-1, ::-1], axis=0), axis=1)[::-1, ::-1]
    rows, columns = np.full(most.size, -1), np.full(most.size, -1)
    row = column = 0
    for rate in range(most.size - 1, -1, -1):
        later = totals[rate][row:, column:]
        if not np.isfinite(later).any():
            break
        below, right = np.unravel_index(int(later.argmax()), later.shape)
        row, column = row + int(below), column + int(right)
        rows[rate], columns[rate] = row, column
    return rows, columns
