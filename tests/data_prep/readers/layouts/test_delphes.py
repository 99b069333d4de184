"""References as ROOT's TRefArray gives them, and how they are resolved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from data_prep.errors import InputFileError
from data_prep.readers import Options
from data_prep.readers.closure import check_closure
from data_prep.readers.detect import reader_of
from data_prep.readers.grouping import by_reference
from data_prep.readers.layouts.delphes_objects import references
from tests.data_prep.readers import samples

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
    for from_whole, from_split, expected in zip(
        whole, split, ([0, 2, 3, 3, 4], [0, 3, 3, 4], [7, 9, 5, 7]), strict=True
    ):
        assert from_whole.tolist() == from_split.tolist() == expected


def test_other_numbers_of_jets_are_an_error() -> None:
    with pytest.raises(InputFileError, match="not of as many jets"):
        references({"Jet.Constituents": TREFS}, ("Jet.Constituents",), FILE, np.array([0, 1, 2, 4]))


def resolved(reference: list[int], identifier: list[int]) -> tuple[list[int], int, int]:
    """In one event."""
    counts = np.array([0, len(reference)]), np.array([0, len(identifier)])
    references, identifiers = np.array(reference, np.int64), np.array(identifier, np.int64)
    rows, lost, ambiguous = by_reference(counts[0], references, counts[1], identifiers)
    return rows.tolist(), lost, ambiguous


def test_numbers_are_unique_in_their_event_only() -> None:
    identifiers = np.array([5, 7, 9, 8, 7], np.int64)
    rows, lost, ambiguous = by_reference(
        np.array([0, 3, 3, 4]), np.array([7, 9, 5, 7]), np.array([0, 3, 3, 5]), identifiers
    )
    assert rows.tolist() == [1, 2, 0, 4]
    assert (lost, ambiguous) == (0, 0)
    assert resolved([6], [5, 7, 9]) == ([-1], 1, 0)


def test_the_top_byte_is_the_process_id() -> None:
    assert resolved([7, 9], [0x01000009, 0x01000007]) == ([1, 0], 0, 0)
    assert resolved([0x01000007, 0x02000009], [9, 0x01000007]) == ([1, 0], 0, 0)
    # 255 processes and more: the byte is full, and a signed number negative
    assert resolved([7, 0xFF000007 - 2**32], [0xFF000007 - 2**32]) == ([0, 0], 0, 0)
    assert resolved([0xFF000007], [0xFF000007 - 2**32]) == ([0], 0, 0)


def test_objects_of_two_processes_with_one_number() -> None:
    two = [0x01000007, 0x02000007, 0x02000008]
    assert resolved([7], two) == ([-1], 0, 1)
    assert resolved([0x02000007, 0x01000007, 8], two) == ([1, 0, 2], 0, 0)
    assert resolved([0x03000007], two) == ([-1], 0, 1)
    # one object that was written twice
    assert resolved([7], [0x01000007, 0x01000007]) == ([0], 0, 0)


def test_zero_refers_to_nothing() -> None:
    assert resolved([0, 0x01000000], [0, 5]) == ([-1, -1], 2, 0)


def rewritten(path: Path, **change: Callable[[ak.Array], ak.Array]) -> Path:
    """Mock jets in the Delphes layout with some branches changed."""
    samples.delphes(samples.jets(20), path)
    with uproot.open(path) as file:
        branches = {k: v for k, v in file["Delphes"].arrays(library="ak", how=dict).items() if not k.startswith("n")}
    for name, function in change.items():
        for branch in branches:
            if branch.endswith(name):
                branches[branch] = function(branches[branch])
    return samples.write(path, "Delphes", branches)


def test_a_file_with_process_ids(tmp_path: Path) -> None:
    plain = rewritten(tmp_path / "plain.root")
    with_ids = rewritten(tmp_path / "ids.root", fUniqueID=lambda ids: ids + 0x01000000)
    whole = rewritten(
        tmp_path / "whole.root", fUniqueID=lambda ids: ids + 0x01000000, refs=lambda refs: refs + 0x01000000
    )
    reader, counts, _ = reader_of([plain], Options())
    expected = reader.read(plain, 0, counts[plain])
    for file in (with_ids, whole):
        chunk = reader.read(file, 0, counts[plain])
        np.testing.assert_array_equal(chunk.offsets, expected.offsets)
        np.testing.assert_array_equal(chunk.pt, expected.pt)
        closure = check_closure(chunk)
        assert closure.pt is not None
        assert f"{closure.pt.median:.4f}" == "1.0000"
        assert closure.problems == ()


def test_a_file_with_two_processes_is_refused(tmp_path: Path) -> None:
    process_one = 0x01000000
    file = rewritten(
        tmp_path / "t.root",
        fUniqueID=lambda ids: 7 + process_one * (ak.local_index(ids) + 1),
        refs=lambda refs: 0 * refs + 7,
    )
    reader, counts, _ = reader_of([file], Options())
    with pytest.raises(InputFileError, match="lead to several objects"):
        reader.read(file, 0, counts[file])
