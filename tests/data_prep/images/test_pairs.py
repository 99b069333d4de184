"""Pair images of candidates: worked examples, and what becomes of jets without a pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from data_prep.images.batch import densify
from data_prep.images.kernel import SparseImages
from data_prep.images.pairs import pair_images
from data_prep.jets.candidates import Candidates, CandidateSettings
from data_prep.streams.cutflow import Fate
from tests.data_prep.images.test_candidates import candidates

SETTINGS = CandidateSettings(number=4)


def images(given: Candidates, fate: list[int] | None = None, **changed: Any) -> SparseImages:
    """Two thresholds each: 2^5 and 2^10 of pT·pT in steps of 1/8, twice the distance 10 and 100."""
    settings: dict[str, Any] = {"rows": (40, 80), "columns": (10, 100), "mantissa": 3, "bits": 4} | changed
    kept = np.array(fate or [Fate.KEPT] * len(given), np.uint8)
    return pair_images(given, kept, SETTINGS, **settings)


def test_pairs_are_counted_where_they_lie() -> None:
    """Of 32, 32 and 1 steps: one product of 2^10, two of 2^5; distances 8 + 2, 100 + 40 and 92 + 38."""
    found = images(candidates([[(32, 0, 0), (32, 4, 2), (1, 50, 40)]], [(0, 0)]))
    image = densify(found.offsets, found.pixel, found.value, (3, 3, 1))[0, ..., 0]
    assert image.tolist() == [[0, 0, 0], [0, 0, 2], [0, 1, 0]]


def test_channels_follow_the_rank_and_not_the_number_of_those_that_are_there() -> None:
    """The second slot is empty: the pair of the third and fourth has rank 2."""
    given = candidates([[(1, 0, 0), (0, 0, 0), (1, 0, 0), (1, 0, 0)]], [(0, 0)])
    found = images(given, leading=(1, 2))
    assert found.pixel.tolist() == [0, 2]
    assert found.value.tolist() == [2, 1]


def test_phi_is_a_direction() -> None:
    found = images(candidates([[(1, 0, 719), (1, 0, -720), (1, 0, 720)]], [(0, 0)]))
    assert (found.pixel.tolist(), found.value.tolist()) == ([0], [3])


def test_counts_saturate() -> None:
    found = images(candidates([[(1, 0, 0)] * 4], [(0, 0)]), bits=2)
    assert (found.pixel.tolist(), found.value.tolist(), found.scale.tolist()) == ([0], [3], [1])


def test_jets_without_a_pair_are_accounted_for() -> None:
    given = candidates([[(1, 0, 0), (1, 0, 0)], [(1, 0, 0)], [], [(1, 0, 0), (1, 0, 0)]], [(0, 0)] * 4)
    found = images(given, [Fate.KEPT, Fate.KEPT, Fate.KEPT, Fate.OUTSIDE_PT])
    assert found.fate.tolist() == [Fate.KEPT, Fate.EMPTY_IMAGE, Fate.EMPTY_IMAGE, Fate.OUTSIDE_PT]
    assert found.offsets.tolist() == [0, 1]


def test_an_image_larger_than_its_index_is_refused() -> None:
    given = candidates([[(1, 0, 0)]], [(0, 0)])
    with pytest.raises(ValueError, match="65,536 values at most, not 90,000"):
        images(given, rows=range(1, 300), columns=range(1, 300))
