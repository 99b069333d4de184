"""Nested triggers: jets that pass at one rate pass at every larger one, so that no efficiency falls as a rate grows.

On one part of the events a path from tight to loose triggers is chosen, along which neither the cut on the score nor
the threshold on the pT increases. On the other part every rate is measured with the last trigger of that path that
keeps it. So the path is independent of the events on which efficiencies are quoted; these only fix the point on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.rates.trigger_rate import (
    Bools,
    Conditions,
    FallingPt,
    Floats,
    Ints,
    TriggerJets,
    effective_above,
    event_maxima,
)


@dataclass(frozen=True)
class Segment:
    """A part of the path: the condition stays, the threshold on the pT goes from `high` down to `low` (GeV)."""

    condition: int
    high: float
    low: float


@dataclass(frozen=True)
class Points:
    """A trigger at several rates, ascending.

    Attributes:
        cut: index of the condition; -1: none, as too few background events pass.
        threshold: on the pT (GeV), infinite where there is none.
        cross_section: of the background that passes (pb).
        effective: effective number of background events that pass.
        accepted: which signal jets pass, [rates, jets]; those that pass at one rate do at all larger ones.
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
        conditions: those on a jet besides its pT; each passes all jets that the next one does.
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
        self._events = [FallingPt(event_maxima(background, mask), smallest) for mask in conditions.background]
        self._jets = [FallingPt(np.where(mask, signal.online_pt, -np.inf), smallest) for mask in conditions.signal]

    def best_path(self, cross_sections: Floats, background: Floats, signal: Floats) -> tuple[Segment, ...]:
        """The path with the largest sum of efficiencies over the rates.

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
        reached = rows >= 0
        return segments(rows[reached], grid[columns[reached]], self._smallest)

    def points(self, path: Sequence[Segment], cross_sections: Floats, background: Floats) -> Points:
        """The last trigger of a path that keeps each rate.

        Where too few events pass it is that of the next smaller rate at which enough do, as a trigger need not use all
        of its rate.

        Args:
            path: from tight to loose.
            cross_sections: of the background that may pass (pb), ascending.
            background: weight of every background event (pb), [events].
        """
        conditions = sorted({segment.condition for segment in path})
        sums = {row: self._events[row].sums(background) for row in conditions}
        lowest = {row: self._events[row].thresholds(background, cross_sections) for row in conditions}
        ends = [
            float(self._events[segment.condition].passing(sums[segment.condition], np.array([segment.low]))[0])
            for segment in path
        ]
        # the first segment whose end exceeds the rate, or the last of all
        places = np.minimum(np.searchsorted(np.maximum.accumulate(ends), cross_sections, side="right"), len(path) - 1)
        cut, threshold = np.full(places.size, -1), np.full(places.size, np.inf)
        for rate, place in enumerate(places.tolist()):
            segment = path[place]
            lowest_threshold = max(lowest[segment.condition][rate], segment.low)
            if lowest_threshold > segment.high:
                segment = path[place - 1]
                lowest_threshold = segment.low
            if np.isfinite(lowest_threshold):
                cut[rate], threshold[rate] = segment.condition, lowest_threshold
        return self._measure(cut, threshold, background)

    def _measure(self, cut: Ints, threshold: Floats, background: Floats) -> Points:
        passed, effective = np.zeros(cut.size), np.zeros(cut.size)
        for row in np.unique(cut[cut >= 0]):
            rates, events = cut == row, self._events[row]
            passed[rates] = events.passing(events.sums(background), threshold[rates])
            effective[rates] = effective_above(events, background, threshold[rates])
        # for each rate, the largest rate up to it at which enough events pass
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


def segments(conditions: Ints, thresholds: Floats, smallest: float) -> tuple[Segment, ...]:
    """The path through some triggers: between two of them both numbers go down together, in steps of the condition.

    Args:
        conditions: not ascending; if empty, the path is that of the threshold on the pT alone.
        thresholds: on the pT (GeV), not ascending.
        smallest: the threshold at which it ends, with the condition 0 (GeV).

    >>> for segment in segments(np.array([2, 0]), np.array([300.0, 200.0]), 100.0):
    ...     print(segment.condition, segment.high, segment.low)
    2 inf 300.0
    1 300.0 250.0
    0 250.0 200.0
    0 200.0 100.0
    """
    path: list[Segment] = []
    row, high = int(conditions[0]) if conditions.size else 0, np.inf
    for condition, threshold in zip(conditions.tolist(), thresholds.tolist(), strict=True):
        steps = row - condition
        if not steps or not np.isfinite(high):
            path.append(Segment(condition, high, threshold))
        else:
            lows = np.linspace(high, threshold, steps + 1).tolist()
            path += [Segment(row - 1 - i, lows[i], lows[i + 1]) for i in range(steps)]
        row, high = condition, threshold
    path += [Segment(lower, high, high) for lower in range(row - 1, -1, -1)] if np.isfinite(high) else []
    return (*path, Segment(0, high, smallest))


def best_family(gain: Floats, cost: Floats, usable: Bools, limits: Floats) -> tuple[Ints, Ints]:
    """The places with the largest sum of `gain`, one a rate, along which neither row nor column increases.

    Computed rate by rate (dynamic programming, R. Bellman): the best sum that ends at a place is its gain plus the best
    sum of the previous rate at an allowed place. Of equal sums the lowest row and column.

    Args:
        gain: [conditions, thresholds].
        cost: what must not exceed `limits`, [conditions, thresholds].
        usable: places that may be used at all, [conditions, thresholds].
        limits: ascending, [rates].

    Returns:
        rows and columns, [rates]; -1 for the rates at which no place may be used.

    >>> gain, cost = np.array([[9.0, 3.0], [5.0, 2.0]]), np.array([[9.0, 5.0], [4.0, 1.0]])
    >>> rows, columns = best_family(gain, cost, cost > 0, np.array([0.5, 1.0, 4.0, 5.0, 9.0]))
    >>> rows.tolist(), columns.tolist()
    ([-1, 1, 1, 1, 0], [-1, 1, 0, 0, 0])
    """
    totals: list[Floats] = []
    reached = np.zeros_like(gain)
    for limit in limits:
        totals.append(np.where(usable & (cost <= limit), gain + reached, -np.inf))
        if np.isfinite(totals[-1]).any():
            reached = np.maximum.accumulate(np.maximum.accumulate(totals[-1][::-1, ::-1], axis=0), axis=1)[::-1, ::-1]
    rows, columns = np.full(limits.size, -1), np.full(limits.size, -1)
    row = column = 0
    for rate in range(limits.size - 1, -1, -1):
        remaining = totals[rate][row:, column:]
        if not np.isfinite(remaining).any():
            break
        row_step, column_step = np.unravel_index(int(remaining.argmax()), remaining.shape)
        row, column = row + int(row_step), column + int(column_step)
        rows[rate], columns[rate] = row, column
    return rows, columns
