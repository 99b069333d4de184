"""The macro-AUC and its error: against the metrics, against scikit-learn's AUC, and against repeated experiments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import roc_auc_score

from models.metrics.bootstrap import macro_auc_replicas, value_with_error
from models.metrics.taggers import performance, softmax

Floats = npt.NDArray[np.float64]


def _sample(rng: np.random.Generator, jets: int, noise: float = 1.0) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Scores in steps, so that there are ties, of three classes."""
    label = rng.integers(0, 3, jets)
    logits = np.eye(3)[label] + noise * rng.normal(size=(jets, 3))
    return np.round(softmax(logits).astype(np.float64), 2), label


def test_the_sample_itself_is_measured_as_everywhere(rng: np.random.Generator) -> None:
    scores, label = _sample(rng, 500)
    weight = rng.uniform(0.5, 2, 500)
    value = value_with_error(macro_auc_replicas({"a": scores}, label, weight, 3, 1)["a"]).value
    by_class = [roc_auc_score(label == c, scores[:, c], sample_weight=weight) for c in range(3)]
    assert value == pytest.approx(float(np.mean(by_class)), rel=1e-12)
    assert value == pytest.approx(performance(scores, label, ("a", "b", "c"), weight).macro_auc, rel=1e-12)


def test_the_error_is_the_spread_of_repeated_experiments(rng: np.random.Generator) -> None:
    """300 independent samples of 400 jets; both spreads are known to 1/√(2·300) = 4 %, the bootstrap's bias is less."""
    values = []
    for _ in range(300):
        scores, label = _sample(rng, 400)
        values.append(macro_auc_replicas({"a": scores}, label, np.ones(400), 0, 1)["a"][0])
    scores, label = _sample(rng, 400)
    error = value_with_error(macro_auc_replicas({"a": scores}, label, np.ones(400), 300, 1)["a"]).error
    assert error == pytest.approx(float(np.std(values)), rel=0.25)


def test_what_two_taggers_share_cancels_in_their_difference(rng: np.random.Generator) -> None:
    scores, label = _sample(rng, 1000)
    worse = np.round(scores + rng.normal(0, 0.02, scores.shape), 2)
    replicas = macro_auc_replicas({"a": scores, "b": worse}, label, np.ones(1000), 100, 1)
    alone, difference = value_with_error(replicas["b"]), value_with_error(replicas["b"], replicas["a"])
    assert difference.value == pytest.approx(replicas["b"][0] - replicas["a"][0])
    assert 0 < difference.error < 0.5 * alone.error
    assert value_with_error(replicas["a"], replicas["a"]).error == 0


def test_the_seed_decides_and_a_missing_class_is_refused(rng: np.random.Generator) -> None:
    scores, label = _sample(rng, 100)
    first, second = (macro_auc_replicas({"a": scores}, label, np.ones(100), 5, 7)["a"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    with pytest.raises(ValueError, match="sum to 0"):
        macro_auc_replicas({"a": scores}, np.zeros(100, np.int64), np.ones(100), 5, 7)
