"""From heatmap to list of jets, in integers: the same list from every form of the network that gives the same integers.

A tower is the centre of a jet where its heat reaches the threshold, is above that of every tower of its window that
stands before it (row by row) and not below that of any that stands behind it: of equal neighbours the first wins. The
window goes on across φ = ±π. Jets are sorted by falling heat, equal ones by tower; the first `jets` are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FoundJets:
    """The jets of many events.

    Attributes:
        offsets: int64 [events + 1]; the jets of event i are `offsets[i]:offsets[i + 1]`.
        row, column: int64 [jets], the tower of the centre, without repeated columns.
        heat: int64 [jets], raw.
        values: int64 [jets, channels], raw: what the other maps hold there.
    """

    offsets: Integers
    row: Integers
    column: Integers
    heat: Integers
    values: Integers


def concatenate(parts: Sequence[FoundJets]) -> FoundJets:
    """The jets of the events of all parts, in their order; at least one part."""
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    names = ("row", "column", "heat", "values")
    return FoundJets(offsets, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def same(first: FoundJets, second: FoundJets, shift: int = 0) -> bool:
    """Whether two lists are the same jets, integer for integer, the numbers of the second with `shift` bits more."""
    left, right = max(shift, 0), max(-shift, 0)
    pairs = ((first.heat, second.heat), (first.values, second.values))
    return all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in ("offsets", "row", "column")
    ) and all(np.array_equal(mine << left, theirs << right) for mine, theirs in pairs)


def inner(maps: npt.NDArray[np.generic], wrap: int) -> npt.NDArray[np.generic]:
    """Maps [events, rows, columns, …] without the columns that are repeated on either side."""
    return maps[:, :, wrap : maps.shape[2] - wrap]


def find_jets(heat: Integers, values: Integers, *, threshold: int, window: int, jets: int) -> FoundJets:
    """Select local maxima.

    Args:
        heat: int64 [events, rows, columns], raw; without repeated columns.
        values: int64 [events, rows, columns, channels], raw.
        threshold: smallest raw heat.
        window: towers up, down, left and right.
        jets: at most, an event.

    Raises:
        ValueError: when the window is as wide as the image, so that a tower would be its own neighbour.
    """
    events, _, columns = heat.shape
    if 2 * window >= columns:
        raise ValueError(f"a window of {2 * window + 1} columns does not fit {columns}")
    peak = heat >= threshold
    for down in range(-window, window + 1):
        for right in range(-window, window + 1):
            if down == right == 0 or abs(down) >= heat.shape[1]:
                continue
            peak &= _wins(heat, down, right)
    event, row, column = np.nonzero(peak)
    peaks = heat[event, row, column]
    order = np.lexsort((row * columns + column, -peaks, event))
    event, row, column, peaks = event[order], row[order], column[order], peaks[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(event, minlength=events))])
    kept = np.arange(event.size) - starts[event] < jets
    event, row, column, peaks = event[kept], row[kept], column[kept], peaks[kept]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(event, minlength=events))]).astype(np.int64)
    return FoundJets(offsets, row, column, peaks, values[event, row, column])


def _wins(heat: Integers, down: int, right: int) -> npt.NDArray[np.bool_]:
    """Where a tower stands against its neighbour so many rows down and columns right."""
    _, rows, columns = heat.shape
    wins = np.ones(heat.shape, dtype=bool)
    here = slice(max(-down, 0), rows - max(down, 0))
    there = slice(max(down, 0), rows - max(-down, 0))
    other = np.roll(heat, -right, axis=2)[:, there]
    # Columns beyond the edge are those of the other side, whose place in the row counts.
    at = np.arange(columns)
    before = np.full(columns, down < 0) if down else (at + right) % columns < at
    wins[:, here] = np.where(before, heat[:, here] > other, heat[:, here] >= other)
    return wins


def group(centres: FoundJets, shape: tuple[int, int], reach: int) -> npt.NDArray[np.uint8]:
    """The jet that every tower is grouped to: that of the nearest centre, the hotter one where two are as near.

    Args:
        centres: the jets, at most 255 an event.
        shape: rows and columns of the image.
        reach: largest squared distance, in towers.

    Returns:
        uint8 [events, rows, columns]: 0 where no centre is within reach, else 1 + index of the jet in its event.
    """
    rows, columns = shape
    grouped = np.zeros((centres.offsets.size - 1, rows, columns), np.uint8)
    at_row, at_column = np.arange(rows)[:, np.newaxis], np.arange(columns)[np.newaxis]
    for event in range(centres.offsets.size - 1):
        nearest = np.full((rows, columns), reach + 1)
        for number, jet in enumerate(range(centres.offsets[event], centres.offsets[event + 1]), 1):
            across = np.abs(at_column - centres.column[jet])
            distance = (at_row - centres.row[jet]) ** 2 + np.minimum(across, columns - across) ** 2
            closer = distance < nearest
            nearest[closer] = distance[closer]
            grouped[event][closer] = number
    return grouped
