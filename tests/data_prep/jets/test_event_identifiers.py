"""Identifiers of events that have none."""

from __future__ import annotations

import numpy as np

from data_prep.jets.event_identifiers import content_hash, number_hash
from data_prep.store.split import splitmix64


def test_equal_jets_have_equal_identifiers_wherever_they_stand(rng: np.random.Generator) -> None:
    columns = tuple(rng.normal(size=(4, 12)).astype(np.float32))
    whole = content_hash(np.array([0, 5, 5, 9, 12]), columns)
    alone = content_hash(np.array([0, 4]), tuple(column[5:9] for column in columns))
    assert alone[0] == whole[2]
    assert len(set(whole.tolist())) == 4


def test_every_bit_and_the_order_count() -> None:
    columns = [np.float32([1, 2]) for _ in range(4)]
    changed = [[column.copy() for column in columns] for _ in range(5)]
    for index in range(4):
        changed[index][index][1] = np.nextafter(np.float32(2), np.float32(3))
    changed[4] = [column[::-1].copy() for column in columns]
    hashes = [content_hash(np.array([0, 2]), tuple(four))[0] for four in (columns, *changed)]
    assert len(set(hashes)) == 6


def test_it_is_splitmix64_chained() -> None:
    # a jet of one constituent (0, 0, 0, 0): state 1 is hashed twice, mixed with zeros
    zero = np.zeros(1, np.float32)
    once = splitmix64(np.array([1], np.uint64))
    assert content_hash(np.array([0, 1]), (zero, zero, zero, zero))[0] == splitmix64(once)[0]


def test_numbers_name_an_event_whatever_their_type() -> None:
    run, lumi, event = np.array([1, 1, 1, 2]), np.array([1, 1, 2, 1]), np.array([7, 8, 7, 7])
    hashes = number_hash(run.astype(np.uint32), lumi.astype(np.uint32), event.astype(np.uint64))
    assert len(set(hashes.tolist())) == 4
    np.testing.assert_array_equal(
        hashes, number_hash(run.astype(np.int64), lumi.astype(np.int16), event.astype(np.int64))
    )
    np.testing.assert_array_equal(hashes[2:], number_hash(run[2:], lumi[2:], event[2:]))
    # the largest event numbers, in the type of NanoAOD
    huge = np.array([2**64 - 1, 2**63], np.uint64)
    assert number_hash(huge).tolist() == splitmix64(huge).tolist()
