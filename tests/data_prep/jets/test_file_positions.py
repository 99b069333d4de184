"""Where jets stand in their files: by entry, and within an event by their index in it."""

from __future__ import annotations

import numpy as np

from data_prep.jets.chunk import JetChunk
from data_prep.jets.file_positions import FilePositions
from tests.data_prep.jets.test_chunk import arrays


def test_an_entry_that_is_a_jet() -> None:
    chunk = JetChunk(**arrays())
    entry, jet = chunk.positions(40)
    assert entry.tolist() == [40 + i for i in range(chunk.jets)]
    assert jet.tolist() == [0] * chunk.jets


def test_entries_that_are_events() -> None:
    """Events 0, 2 and 3 with two, one and two jets; event 1 has none."""
    content = arrays()
    jets = len(content["offsets"]) - 1
    chosen = np.array([0, 0, 2, 3, 3])[:jets]
    entry, jet = JetChunk(**content, entries=4, entry=chosen).positions(100)
    assert entry.tolist() == (100 + chosen).tolist()
    assert jet.tolist() == [0, 1, 0, 0, 1][:jets]


def test_taken_and_joined() -> None:
    places = FilePositions.of_file(3, np.array([5, 6, 9]), np.array([0, 1, 0]))
    assert places.jet.dtype == np.uint16
    both = FilePositions.joined([places.take(np.array([2, 0])), places.take(slice(1, 2))])
    assert both.entry.tolist() == [9, 5, 6]
    assert both.jet.tolist() == [0, 0, 1]
    assert both.file.tolist() == [3, 3, 3]
