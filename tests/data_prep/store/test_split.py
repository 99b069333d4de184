"""The split: the published hash, the fractions, and that nothing moves when data are added."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from data_prep.store.split import SPLITS, SplitSettings, split_of, splitmix64

HALVES = SplitSettings(train=0.7, validation=0.1, test=0.2)


def test_published_values_of_splitmix64() -> None:
    # the first outputs of the generator with seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64")
    state = (np.uint64(1234567) + np.uint64(0x9E3779B97F4A7C15) * np.arange(5, dtype=np.uint64)).astype(np.uint64)
    assert splitmix64(state).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_fractions_hold_within_their_statistical_error() -> None:
    split = split_of(np.arange(100_000, dtype=np.uint64), HALVES)
    counts = np.bincount(split, minlength=3)
    expected = np.array([70_000, 10_000, 20_000])
    assert (np.abs(counts - expected) < 4 * np.sqrt(expected)).all()


def test_an_event_stays_where_it_is() -> None:
    events = np.arange(1000, dtype=np.uint64)
    whole = split_of(events, HALVES)
    np.testing.assert_array_equal(split_of(events[::-1], HALVES)[::-1], whole)
    np.testing.assert_array_equal(split_of(events[300:500], HALVES), whole[300:500])


@pytest.mark.parametrize(
    ("fractions", "used"), [((1, 0, 0), {0}), ((0, 1, 0), {1}), ((0, 0, 1), {2}), ((0.5, 0, 0.5), {0, 2})]
)
def test_a_split_without_fraction_stays_empty(fractions: tuple[float, float, float], used: set[int]) -> None:
    settings = SplitSettings(**dict(zip(SPLITS, fractions, strict=True)))
    assert set(split_of(np.arange(5000, dtype=np.uint64), settings).tolist()) == used


@pytest.mark.parametrize("fractions", [(0.7, 0.1, 0.1), (0.7, 0.3, 0.2), (1.2, -0.1, -0.1)])
def test_fractions_must_sum_to_one(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(ValidationError):
        SplitSettings(**dict(zip(SPLITS, fractions, strict=True)))
