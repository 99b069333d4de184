"""Some of the test vectors: the first of each kind and others spread over the rest, in their order."""

from __future__ import annotations

import numpy as np
import pytest

from hls_projects.proof.vectors import VectorSet, some_vectors

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
