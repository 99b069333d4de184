"""Test vectors: some of them in their order, and what hardware is given of values and of raw integers."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.fixed_point import FixedType
from hls_projects.network.port import Port
from hls_projects.proof.vectors import VectorSet, raw_inputs, some_vectors

ALL = VectorSet("data", (np.arange(20, dtype=np.float32)[:, np.newaxis], np.arange(20, dtype=np.float32) * 2))


@pytest.mark.parametrize("most", [1, 2, 5, 19, 20, 21, None])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_some_are_chosen_in_order(most: int | None, size: int) -> None:
    some = some_vectors(ALL, most)
    parts = list(some.batches(size))
    first, second = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    assert some.kind == "data"
    assert some.count == len(first) == len(second) == min(most or 20, 20)
    np.testing.assert_array_equal(first[:, 0], some.rows)
    np.testing.assert_array_equal(second, 2 * some.rows)
    assert all(0 < len(part[0]) <= size for part in parts)


def test_the_first_half_and_an_even_spread() -> None:
    assert some_vectors(ALL, 8).rows.tolist() == [0, 1, 2, 3, 4, 8, 12, 16]


def test_values_are_rounded_and_saturated_at_their_port_and_raw_integers_are_not() -> None:
    ports = [Port(name=name, shape=(3,), type=FixedType(4, 2, False, "RND_CONV", "SAT")) for name in ("a", "b")]
    values, integers = np.array([[0.125, 0.375, 9.0]], np.float32), np.array([[0, 9, 15]], np.int64)
    first, second = raw_inputs(ports, [values, integers])
    assert (first.tolist(), second.tolist()) == ([[0, 2, 15]], [[0, 9, 15]])
    with pytest.raises(ValueError, match="b holds integers outside 0 to 15"):
        raw_inputs(ports, [values, integers + 1])
