"""The list of jets against the rule written out tower by tower, and its independence of a turn in φ."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events.jet_finder import FoundJets, concatenate, find_jets, group, same


def plain(heat: np.ndarray, threshold: int, window: int, jets: int) -> list[tuple[int, int]]:
    """One event: every tower against every neighbour."""
    rows, columns = heat.shape
    found = []
    for row in range(rows):
        for column in range(columns):
            here = (int(heat[row, column]), -(row * columns + column))
            neighbours = [
                (int(heat[r, c % columns]), -(r * columns + c % columns))
                for r in range(max(row - window, 0), min(row + window + 1, rows))
                for c in range(column - window, column + window + 1)
                if (r, c) != (row, column)
            ]
            if heat[row, column] >= threshold and all(here > other for other in neighbours):
                found.append((here, row, column))
    return [(row, column) for _, row, column in sorted(found, reverse=True)[:jets]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 6), st.sampled_from([2, 4, 100]), st.integers(1, 6))
@settings(max_examples=80, deadline=None)
def test_is_the_rule(seed: int, window: int, jets: int, levels: int, rows: int) -> None:
    """Few levels make ties, on plateaus and across the edge; few rows a window that is higher than the event."""
    rng = np.random.default_rng(seed)
    heat = rng.integers(-levels, levels, (3, rows, 9))
    values = np.arange(3 * rows * 9).reshape(3, rows, 9, 1)
    found = find_jets(heat, values, threshold=0, window=window, jets=jets)
    for event in range(3):
        part = slice(found.offsets[event], found.offsets[event + 1])
        places = list(zip(found.row[part].tolist(), found.column[part].tolist(), strict=True))
        assert places == plain(heat[event], 0, window, jets)
        np.testing.assert_array_equal(found.values[part, 0], [values[event, r, c, 0] for r, c in places])
        np.testing.assert_array_equal(found.heat[part], [heat[event, r, c] for r, c in places])


@given(st.integers(0, 2**32 - 1), st.integers(0, 8))
@settings(max_examples=30, deadline=None)
def test_turns_with_the_event(seed: int, turn: int) -> None:
    """Without ties a turned event has the turned jets."""
    heat = np.random.default_rng(seed).permutation(54).reshape(1, 6, 9)
    values = np.zeros((1, 6, 9, 0), int)
    first = find_jets(heat, values, threshold=0, window=2, jets=50)
    second = find_jets(np.roll(heat, turn, axis=2), values, threshold=0, window=2, jets=50)
    np.testing.assert_array_equal((first.column + turn) % 9, second.column)
    np.testing.assert_array_equal(first.row, second.row)


def test_a_plateau_has_one_jet_and_an_empty_event_none() -> None:
    heat = np.stack([np.full((5, 8), 7), np.full((5, 8), -1)])
    found = find_jets(heat, np.zeros((2, 5, 8, 1), int), threshold=0, window=3, jets=9)
    assert found.offsets.tolist() == [0, 1, 1]
    assert (found.row[0], found.column[0]) == (0, 0)


def test_a_window_around_the_event_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        find_jets(np.zeros((1, 4, 4), int), np.zeros((1, 4, 4, 0), int), threshold=0, window=2, jets=1)


def test_towers_go_to_the_nearest_centre() -> None:
    """Written out with distances around the cylinder; the hotter of two that are as near."""
    heat = np.full((1, 7, 12), -1)
    heat[0, 3, 0], heat[0, 3, 6], heat[0, 0, 9] = 5, 9, 7
    found = find_jets(heat, np.zeros((1, 7, 12, 0), int), threshold=0, window=2, jets=9)
    centres = [(3, 6), (0, 9), (3, 0)]
    grouped = group(found, (7, 12), reach=9)
    for row in range(7):
        for column in range(12):
            away = [(row - r) ** 2 + min((column - c) % 12, (c - column) % 12) ** 2 for r, c in centres]
            expected = 1 + int(np.argmin(away)) if min(away) <= 9 else 0
            assert grouped[0, row, column] == expected


def test_events_by_parts_are_the_events_at_once() -> None:
    """Split anywhere, empty parts and events without jets included; and every kind of difference is seen."""
    rng = np.random.default_rng(3)
    heat = rng.integers(-9, 9, (7, 6, 9))
    heat[2] = -1
    values = rng.integers(-99, 99, (7, 6, 9, 3))
    whole = find_jets(heat, values, threshold=3, window=1, jets=4)
    borders = [0, 0, 3, 7, 7]
    parts = [find_jets(heat[i:j], values[i:j], threshold=3, window=1, jets=4) for i, j in pairwise(borders)]
    assert same(concatenate(parts), whole)
    finer = FoundJets(whole.offsets, whole.row, whole.column, whole.heat * 4, whole.values * 4)
    assert same(whole, finer, shift=2)
    assert same(finer, whole, shift=-2)
    for name in ("offsets", "row", "column", "heat", "values"):
        changed = getattr(whole, name).copy()
        changed.flat[-1] += 1
        assert not same(whole, FoundJets(**(vars(whole) | {name: changed})))
