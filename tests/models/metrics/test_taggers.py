"""Metrics: hand numbers, and scikit-learn as the oracle."""

from __future__ import annotations

import doctest
import json
import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from models.metrics import taggers as metrics

CLASSES = ("q", "g", "t")


@pytest.fixture
def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with many ties, labels and weights of 2,000 jets."""
    rng = np.random.default_rng(11)
    label = rng.integers(0, 3, 2000).astype(np.uint8)
    logits = rng.normal(size=(2000, 3)) + 1.2 * np.eye(3)[label]
    return metrics.softmax(np.round(logits, 1)), label, rng.uniform(0.1, 3.0, 2000)


def test_doctests() -> None:
    assert doctest.testmod(metrics).failed == 0


def test_auc_by_hand() -> None:
    """Of 3 x 3 pairs the signal wins 7, one is a tie: 7.5 / 9."""
    curve = metrics.roc_curve([0.9, 0.7, 0.4, 0.6, 0.4, 0.1], [1, 1, 1, 0, 0, 0])
    assert metrics.auc(curve) == pytest.approx(7.5 / 9)


def test_weights_are_repetitions() -> None:
    plain = metrics.roc_curve([3, 2, 2, 2, 1, 1], [1, 1, 1, 0, 0, 0])
    weighted = metrics.roc_curve([3, 2, 2, 1], [1, 1, 0, 0], [1, 2, 1, 2])
    np.testing.assert_allclose(weighted.signal, plain.signal)
    np.testing.assert_allclose(weighted.background, plain.background)


def test_roc_as_scikit_learn(sample: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, label, weight = sample
    for index in range(3):
        curve = metrics.roc_curve(scores[:, index], label == index, weight)
        background, signal, _ = sklearn.metrics.roc_curve(
            label == index, scores[:, index], sample_weight=weight, drop_intermediate=False
        )
        np.testing.assert_allclose(curve.signal, signal, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(curve.background, background, rtol=1e-12, atol=1e-15)


def test_performance_as_scikit_learn(sample: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, label, weight = sample
    performance = metrics.performance(scores, label, CLASSES, weight)
    for index, name in enumerate(CLASSES):
        expected = sklearn.metrics.roc_auc_score(label == index, scores[:, index], sample_weight=weight)
        assert performance.auc[name] == pytest.approx(expected, rel=1e-12)
    assert performance.macro_auc == pytest.approx(
        np.mean([area for area in performance.auc.values() if area is not None])
    )
    predicted = scores.argmax(axis=1)
    assert performance.accuracy == pytest.approx(sklearn.metrics.accuracy_score(label, predicted, sample_weight=weight))
    confusion = sklearn.metrics.confusion_matrix(label, predicted, sample_weight=weight)
    np.testing.assert_allclose(performance.confusion, confusion)


def test_rejection_by_hand() -> None:
    """Signal 10, 8, 6, 4, 2; background 9, 7, 5, 3: at eps_S = 0.4 one of four passes, half way to 0.6 a half more."""
    curve = metrics.roc_curve([10, 8, 6, 4, 2, 9, 7, 5, 3], [1] * 5 + [0] * 4)
    assert metrics.rejection(curve, 0.4, 4).rejection == pytest.approx(4)
    assert metrics.rejection(curve, 0.5, 4).background_efficiency == pytest.approx(0.5)
    tied = metrics.roc_curve([2, 2, 1, 2, 1], [1, 1, 1, 0, 0])
    assert metrics.rejection(tied, 1 / 3, 2).background_efficiency == pytest.approx(0.25)


def test_rejection_without_background_is_a_limit() -> None:
    curve = metrics.roc_curve([5, 4, 3, 2, 1, 0], [1, 1, 1, 0, 0, 0])
    rejection = metrics.rejection(curve, 0.5, 3)
    assert rejection.rejection is None
    assert rejection.background_efficiency == 0
    assert rejection.lower_limit == pytest.approx(3 / 2.995732273553991)


def test_effective_number_of_weighted_jets() -> None:
    """Two jets of weight 1 and one of weight 2 know as much as 16/6 jets."""
    assert metrics.effective_number([1.0, 1.0, 2.0]) == pytest.approx(16 / 6)


def test_missing_class_is_null_in_json() -> None:
    scores = metrics.softmax(np.eye(3)[[0, 1, 0, 1]])
    performance = metrics.performance(scores, [0, 1, 1, 0], CLASSES)
    content = json.loads(json.dumps(performance.as_json(), allow_nan=False))
    assert content["auc"]["t"] is None
    assert content["rejection"]["0.3"]["t"]["rejection"] is None
    assert content["auc"]["q"] == 0.5
    assert content["confusion"] == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("score", "signal", "weight"),
    [
        ([1, 2], [1, 1], None),
        ([], [], None),
        ([1, np.nan], [1, 0], None),
        ([1, 2], [1, 0], [1, -1]),
        ([1, 2], [1, 0], [1, 0]),
    ],
)
def test_no_curve_without_signal_and_background(
    score: list[float], signal: list[int], weight: list[float] | None
) -> None:
    with pytest.raises(ValueError, match="a ROC curve needs"):
        metrics.roc_curve(score, signal, weight)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=30))
def test_auc_counts_pairs(jets: list[tuple[int, bool]]) -> None:
    """AUC = P(signal above background) + P(tie) / 2, counted pair by pair."""
    signal = [score for score, is_signal in jets if is_signal]
    background = [score for score, is_signal in jets if not is_signal]
    if not signal or not background:
        return
    wins = sum((s > b) + (s == b) / 2 for s in signal for b in background) / (len(signal) * len(background))
    curve = metrics.roc_curve([score for score, _ in jets], [is_signal for _, is_signal in jets])
    assert metrics.auc(curve) == pytest.approx(wins)


def test_rejection_of_a_named_background_by_hand() -> None:
    """Two W, two quarks, a gluon and a Z that scores as a W: the Z spoils the one-vs-rest cut, not that against QCD.

    W against q and g is p_w / (p_w + p_q + p_g): 0.9 and 0.5 of W; 0.6, 0.1 and 0 of QCD. At half of the W none of the
    background passes, above; at all of them the quark of weight 3 of 6 in all.
    """
    classes = ("q", "g", "w", "z")
    label = [2, 2, 0, 0, 1, 3]
    scores = [
        [0.05, 0.0, 0.45, 0.5],
        [0.1, 0.1, 0.2, 0.6],
        [0.2, 0.2, 0.6, 0.0],
        [0.8, 0.1, 0.1, 0.0],
        [0.5, 0.5, 0.0, 0.0],
        [0.0, 0.0, 0.9, 0.1],
    ]
    performance = metrics.performance(scores, label, classes, [1, 1, 3, 2, 1, 9], ("q", "g"))
    assert performance.against is not None
    assert performance.against.classes == ("q", "g")
    assert set(performance.against.auc) == {"w", "z"}
    # pairs of W and QCD: 0.9 wins all, 0.5 loses to 0.6 alone
    assert performance.against.auc["w"] == pytest.approx((1 + 0.5) / 2)
    assert performance.against.rejection["0.5"]["w"].rejection is None
    assert performance.against.rejection["0.5"]["w"].lower_limit == pytest.approx(36 / 14 / -math.log(0.05))
    assert performance.rejection["0.5"]["w"].background_efficiency == pytest.approx(12 / 15)
    assert metrics.performance(scores, label, classes).against is None
    assert performance.as_json()["against"]["rejection"]["0.3"]["w"]["signal_efficiency"] == 0.3
