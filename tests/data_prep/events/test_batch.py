"""Event images: dense form, repeated columns, rows, joins."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.mock import mock_events
from data_prep.events.batch import DTYPES, JAGGED, EventBatch, concatenate, empty


@pytest.fixture(scope="module")
def batch() -> EventBatch:
    return mock_events(np.random.default_rng(1), 5, shape=(8, 12, 3), wrap=2, pileup=5, jets=(0, 3))


def assert_same(one: EventBatch, other: EventBatch) -> None:
    for name in (*JAGGED, *DTYPES):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert (one.shape, one.wrap) == (other.shape, other.wrap)


def test_dense_repeats_columns_across_the_seam(batch: EventBatch) -> None:
    dense = batch.dense()
    assert dense.shape == (5, *batch.image_shape) == (5, 8, 16, 3)
    np.testing.assert_array_equal(dense[:, :, :2], dense[:, :, 12:14])
    np.testing.assert_array_equal(dense[:, :, 14:], dense[:, :, 2:4])
    inner = np.zeros((5, 8 * 12 * 3), np.float32)
    for i in range(5):
        own = slice(batch.offsets[i], batch.offsets[i + 1])
        inner[i, batch.pixel[own]] = batch.value[own]
    np.testing.assert_array_equal(dense[:, :, 2:-2], inner.reshape(5, 8, 12, 3))


def test_the_truth_is_of_every_lit_tower_and_of_no_other(batch: EventBatch) -> None:
    lit = batch.dense()[:, :, 2:-2].any(axis=3)
    np.testing.assert_array_equal(batch.dense_class() > 0, lit)
    for i, (classes, instances) in enumerate(zip(batch.dense_class(), batch.dense_instance(), strict=True)):
        kinds = batch.jet_kind[batch.jet_offsets[i] : batch.jet_offsets[i + 1]]
        np.testing.assert_array_equal(instances > 0, classes > 1)
        for jet in np.unique(instances[instances > 0]):
            assert set(classes[instances == jet]) == {kinds[jet - 1]}


def test_take_slice_and_concatenate_agree(batch: EventBatch) -> None:
    rows = np.array([4, 0, 0, 2])
    taken = batch.take(rows)
    np.testing.assert_array_equal(taken.dense(), batch.dense()[rows])
    np.testing.assert_array_equal(taken.dense_instance(), batch.dense_instance()[rows])
    np.testing.assert_array_equal(taken.dense_pt_true(), batch.dense_pt_true()[rows])
    assert_same(batch.slice(1, 4), batch.take(np.arange(1, 4)))
    assert_same(batch, concatenate([empty(batch.shape, 2), batch.slice(0, 2), batch.slice(2, 2), batch.slice(2, 5)]))
    assert len(batch.take(np.zeros(0, np.int64))) == 0
    with pytest.raises(IndexError, match="0 to 4"):
        batch.take(np.array([5]))


def test_boxes_hold_the_towers_of_their_jets(batch: EventBatch) -> None:
    """η and φ of the tower centres, modulo a turn; a box that crosses φ = π is contiguous."""
    step = 2 * np.pi / 12
    for i in range(5):
        boxes = batch.jet_box[batch.jet_offsets[i] : batch.jet_offsets[i + 1]]
        assert np.all((boxes[:, 2] >= -np.pi - 1e-6) & (boxes[:, 2] < np.pi))
        for jet, (low, high, left, right) in enumerate(boxes):
            row, column = np.nonzero(batch.dense_instance()[i] == jet + 1)
            eta, phi = (row + 0.5 - 4) * step, (column + 0.5) * step - np.pi
            assert np.all((eta > low) & (eta < high))
            assert np.all((phi - left) % (2 * np.pi) < right - left)
