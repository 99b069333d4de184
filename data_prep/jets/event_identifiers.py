"""Identifiers of events: a hash of their numbers, or, where a file has none, of the content of the jet or event."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.store.split import splitmix64
from data_prep.system.compiled import compiled, inlined

Float32 = npt.NDArray[np.float32]


def number_hash(*numbers: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of integers that together name an event, as run, luminosity block and event.

    The same event has the same identifier whatever file it is read from and whatever integer type it is stored in.

    Args:
        numbers: integers [events], one array for each number.

    Returns:
        uint64 [events].
    """
    state = np.zeros(numbers[0].size, np.uint64)
    for column in numbers:
        integers = column.astype(np.uint64 if column.dtype == np.uint64 else np.int64).view(np.uint64)
        state = splitmix64(state ^ integers)
    return state


def content_hash(
    offsets: npt.NDArray[np.int64], columns: tuple[Float32, Float32, Float32, Float32]
) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each jet's constituents as they are stored.

    The same jet in two files has the same identifier and lands in the same split. SplitMix64 is applied after each
    constituent has been mixed into the state, so that the hash depends on order and number.

    Args:
        offsets: int64 [jets + 1].
        columns: four stored columns, float32 [constituents], as momentum components.

    Returns:
        uint64 [jets].
    """
    bits = [column.view(np.uint32) for column in columns]
    return _hash(offsets, bits[0], bits[1], bits[2], bits[3])


@inlined
def _mix(x: np.uint64) -> np.uint64:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


Bits = npt.NDArray[np.uint32]


@compiled
def _hash(offsets: npt.NDArray[np.int64], a: Bits, b: Bits, c: Bits, d: Bits) -> npt.NDArray[np.uint64]:
    events = np.empty(offsets.size - 1, np.uint64)
    shift = np.uint64(32)
    for jet in range(offsets.size - 1):
        state = np.uint64(offsets[jet + 1] - offsets[jet])
        for i in range(offsets[jet], offsets[jet + 1]):
            state = _mix(state ^ (np.uint64(a[i]) << shift | np.uint64(b[i])))
            state = _mix(state ^ (np.uint64(c[i]) << shift | np.uint64(d[i])))
        events[jet] = state
    return events
