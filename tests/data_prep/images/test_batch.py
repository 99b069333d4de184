"""Sparse images: dense form, rows, joins."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.images.batch import FEATURES, ImageBatch, concatenate, empty


def batch() -> ImageBatch:
    return ImageBatch(
        shape=(2, 3, 2),
        offsets=np.array([0, 2, 2, 3]),
        pixel=np.array([0, 11, 5], np.uint16),
        value=np.array([1.5, 2.5, 3.5], np.float32),
        label=np.array([0, 1, 0], np.uint8),
        weight=np.ones(3, np.float32),
        event=np.array([7, 8, 9], np.uint64),
        features={name: np.arange(3, dtype=np.float32) for name in FEATURES},
    )


def test_dense() -> None:
    dense = batch().dense()
    assert dense.shape == (3, 2, 3, 2)
    assert dense.dtype == np.float32
    # (row · columns + column) · channels + channel
    assert dense[0, 0, 0, 0] == 1.5
    assert dense[0, 1, 2, 1] == 2.5
    assert dense[2, 0, 2, 1] == 3.5
    assert np.count_nonzero(dense) == 3


def test_take_slice_and_concatenate_agree_with_the_dense_form() -> None:
    whole = batch()
    np.testing.assert_array_equal(whole.take(np.array([2, 0, 0])).dense(), whole.dense()[[2, 0, 0]])
    np.testing.assert_array_equal(whole.take(np.array([2, 0, 0])).event, [9, 7, 7])
    np.testing.assert_array_equal(whole.slice(1, 3).dense(), whole.dense()[1:])
    joined = concatenate([empty(whole.shape), whole.slice(0, 1), whole.slice(1, 3)])
    np.testing.assert_array_equal(joined.dense(), whole.dense())
    np.testing.assert_array_equal(joined.offsets, whole.offsets)
    np.testing.assert_array_equal(joined.features["jet_pt"], [0, 1, 2])


@pytest.mark.parametrize("row", [-1, 3])
def test_rows_outside_are_refused(row: int) -> None:
    with pytest.raises(IndexError, match="0 to 2"):
        batch().take(np.array([row]))
