"""References as ROOT's TRefArray gives them, and how they are resolved."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.readers.delphes_objects import references
from data_prep.readers.grouping import by_reference

FILE = Path("t.root")
# two jets, no jet, one jet without constituents, one with one
TREFS = ak.Array(
    [
        [{"fName": "", "fSize": 2, "refs": [7, 9]}, {"fName": "", "fSize": 1, "refs": [5]}],
        [],
        [{"fName": "", "fSize": 0, "refs": []}, {"fName": "", "fSize": 1, "refs": [7]}],
    ]
)
JETS = np.array([0, 2, 2, 4], np.int64)


def test_the_two_forms_of_references_are_one() -> None:
    whole = references({"Jet.Constituents": TREFS}, ("Jet.Constituents",), FILE, JETS)
    parts = {
        "Jet.Constituents.refs": ak.Array([[7, 9, 5], [], [7]]),
        "Jet.Constituents.fSize": ak.values_astype(ak.Array([[2, 1], [], [0, 1]]), np.int32),
    }
    split = references(parts, tuple(parts), FILE, JETS)
    for one, other, expected in zip(whole, split, ([0, 2, 3, 3, 4], [0, 3, 3, 4], [7, 9, 5, 7]), strict=True):
        assert one.tolist() == other.tolist() == expected


def test_other_numbers_of_jets_are_an_error() -> None:
    with pytest.raises(InputFileError, match="not of as many jets"):
        references({"Jet.Constituents": TREFS}, ("Jet.Constituents",), FILE, np.array([0, 1, 2, 4]))


def test_numbers_are_unique_in_their_event_only() -> None:
    identifiers = np.array([5, 7, 9, 8, 7], np.int64)
    rows, lost = by_reference(np.array([0, 3, 3, 4]), np.array([7, 9, 5, 7]), np.array([0, 3, 3, 5]), identifiers)
    assert rows.tolist() == [1, 2, 0, 4]
    assert lost == 0
    rows, lost = by_reference(np.array([0, 1]), np.array([6]), np.array([0, 3]), identifiers[:3])
    assert (rows.tolist(), lost) == ([-1], 1)
