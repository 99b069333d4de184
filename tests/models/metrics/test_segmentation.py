"""Segmentation metrics against scikit-learn, and against the definitions written out pixel by pixel."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, balanced_accuracy_score, jaccard_score

from models.metrics.segmentation import Panoptic, PanopticSum, confusion, mean_quality, segmentation

CLASSES = ["empty", "pileup", "jet"]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_equals_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(0, 3, (2, 60))
    metrics = segmentation(confusion(true, predicted, 3), CLASSES)
    labels = sorted(set(true) | set(predicted))
    expected = jaccard_score(true, predicted, labels=labels, average=None)
    assert [value for value in metrics.iou.values() if value is not None] == pytest.approx(list(expected))
    assert metrics.mean_iou == pytest.approx(expected.mean())
    assert metrics.accuracy == pytest.approx(accuracy_score(true, predicted))
    assert metrics.mean_accuracy == pytest.approx(balanced_accuracy_score(true, predicted))
    assert metrics.weighted_iou == pytest.approx(jaccard_score(true, predicted, average="weighted"))


def test_a_class_that_never_appears_has_no_iou() -> None:
    metrics = segmentation(confusion([0, 1, 1], [0, 1, 0], 3), CLASSES)
    assert metrics.iou == {"empty": 0.5, "pileup": 0.5, "jet": None}
    assert metrics.mean_iou == 0.5
    assert segmentation(np.zeros((3, 3)), CLASSES).mean_iou is None


def plain_quality(true: np.ndarray, predicted: np.ndarray) -> tuple[float, int, int, int]:
    """Kirillov et al., section 4: every pair of segments, as sets of pixels."""
    sets = [[{tuple(p) for p in np.argwhere(image == k)} for k in np.unique(image) if k] for image in (true, predicted)]
    pairs = [(t, f) for t in sets[0] for f in sets[1] if len(t & f) / len(t | f) > 0.5]
    iou = sum(len(t & f) / len(t | f) for t, f in pairs)
    return iou, len(pairs), len(sets[1]) - len(pairs), len(sets[0]) - len(pairs)


images = arrays(np.uint8, (5, 6), elements=st.integers(0, 3))


@given(images, images)
@settings(max_examples=60, deadline=None)
def test_panoptic_quality_is_the_published_sum(true: np.ndarray, predicted: np.ndarray) -> None:
    blended = np.where(np.arange(30).reshape(5, 6) % 4 > 0, true, predicted)  # so that some segments match
    for second in (predicted, blended):
        collected = PanopticSum()
        collected.add(true, second)
        iou, matched, false, missed = plain_quality(true, second)
        quality = collected.result()
        assert (quality.matched, quality.false, quality.missed) == (matched, false, missed)
        if matched + false + missed:
            assert quality.pq == pytest.approx(iou / (matched + false / 2 + missed / 2))
            assert quality.pq == pytest.approx(quality.sq * quality.rq)  # type: ignore[operator]
        else:
            assert quality == Panoptic(None, None, None, 0, 0, 0)


def test_a_worked_example() -> None:
    """Two truth segments of 4 pixels: one found with 3 of them and nothing else (IoU 3/4), one missed, one false."""
    true = np.array([[1, 1, 1, 1, 2, 2, 2, 2, 0, 0]])
    predicted = np.array([[5, 5, 5, 0, 0, 0, 0, 0, 7, 7]])
    collected = PanopticSum()
    collected.add(true, predicted)
    quality = collected.result()
    assert (quality.sq, quality.rq, quality.pq) == (0.75, 0.5, 0.375)
    assert mean_quality([quality, Panoptic(None, None, None, 0, 0, 0)]) == 0.375


def quality_with_void(true: np.ndarray, predicted: np.ndarray, void: np.ndarray) -> tuple[float, int, int, int]:
    """Section 4.2 of the paper and the evaluation of the panoptic API, in exact fractions.

    An IoU is the shared area over the sum of both areas less the shared one and less the void part of what is found. A
    found segment without a pair whose void part is more than half of its own area is left out.
    """
    parts = [{int(k): image == k for k in np.unique(image) if k} for image in (np.where(void, 0, true), predicted)]
    iou, pairs = Fraction(0), set()
    for t, true_pixels in parts[0].items():
        for f, predicted_pixels in parts[1].items():
            shared = int((true_pixels & predicted_pixels).sum())
            share = Fraction(
                shared,
                int(true_pixels.sum()) + int(predicted_pixels.sum()) - shared - int((predicted_pixels & void).sum()),
            )
            if share > Fraction(1, 2):
                iou, pairs = iou + share, pairs | {(t, f)}
    unpaired = [predicted_pixels for f, predicted_pixels in parts[1].items() if f not in {f for _, f in pairs}]
    false = sum(
        Fraction(int((predicted_pixels & void).sum()), int(predicted_pixels.sum())) <= Fraction(1, 2)
        for predicted_pixels in unpaired
    )
    return float(iou), len(pairs), false, len(parts[0]) - len(pairs)


@given(images, images, arrays(np.bool_, (5, 6)))
@settings(max_examples=80, deadline=None)
def test_void_is_treated_as_the_panoptic_api_does(true: np.ndarray, predicted: np.ndarray, void: np.ndarray) -> None:
    blended = np.where(np.arange(30).reshape(5, 6) % 4 > 0, true, predicted)
    for second in (predicted, blended):
        collected = PanopticSum()
        added = collected.add(true, second, void)
        assert added == pytest.approx(quality_with_void(true, second, void))
        quality = collected.result()
        assert (quality.matched, quality.false, quality.missed) == added[1:]


def test_void_by_hand() -> None:
    """Found: a jet of 4 towers, 2 void and 2 of the 3 true ones (IoU 2/3); a false one, half void; one mostly void."""
    true = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    predicted = np.array([1, 1, 0, 1, 1, 2, 2, 3, 3, 3])
    void = np.array([0, 0, 0, 1, 1, 1, 0, 1, 1, 0], bool)
    collected = PanopticSum()
    assert collected.add(true, predicted, void) == (pytest.approx(2 / 3), 1, 1, 0)
    assert collected.add(true, predicted) == (0, 0, 3, 1)  # 2 / 5 without


def test_an_iou_of_one_half_is_no_match() -> None:
    collected = PanopticSum()
    collected.add(np.array([1, 1]), np.array([1, 0]))
    assert collected.result().matched == 0
