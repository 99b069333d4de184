"""Errors of AUCs against DeLong's, of differences on toys, of shares and rejections against formulas."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import rankdata

from models.metrics.bootstrap import Ranking, macro_auc_replicas, value_with_error
from models.metrics.taggers import SIGNAL_EFFICIENCIES, performance, rejection, roc_curve, softmax
from models.metrics.uncertainty import EFFICIENCIES, Uncertainties, background_at, uncertainties

Floats = npt.NDArray[np.float64]
CLASSES = ("a", "b", "c")


def _taggers(rng: np.random.Generator, jets: int) -> tuple[dict[str, Floats], npt.NDArray[np.int64]]:
    """Two taggers that agree in most of what they see, scores in steps so that there are ties."""
    label = rng.integers(0, 3, jets)
    common = np.eye(3)[label] + rng.normal(size=(jets, 3))
    return {
        name: np.round(softmax(common + 0.4 * rng.normal(size=(jets, 3))).astype(np.float64), 2) for name in ("x", "y")
    }, label


def _delong(scores: list[Floats], signal: npt.NDArray[np.bool_]) -> Floats:
    """The covariance of the AUCs of several scores on the same jets.

    E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Biometrics 44 (1988) 837; placements by ranks, as X. Sun and
    W. Xu, IEEE Signal Processing Letters 21 (2014) 1389.
    """
    m, n = int(signal.sum()), int((~signal).sum())
    of_signal, of_background = [], []
    for score in scores:
        ranks = rankdata(score)
        of_signal.append((ranks[signal] - rankdata(score[signal])) / n)
        of_background.append(1 - (ranks[~signal] - rankdata(score[~signal])) / m)
    covariance: Floats = np.cov(of_signal) / m + np.cov(of_background) / n
    return covariance


def test_errors_of_an_auc_and_of_a_difference_are_delongs(rng: np.random.Generator) -> None:
    """400 replicas know an error to 1/√800 = 3.5 %."""
    scores, label = _taggers(rng, 1500)
    errors = uncertainties(scores, label, CLASSES, np.ones(1500), 3, 400)
    for index, name in enumerate(CLASSES):
        covariance = _delong([tagger_scores[:, index] for tagger_scores in scores.values()], label == index)
        for row, tagger in enumerate(scores):
            error = errors.taggers[tagger].auc[name]
            assert error == pytest.approx(np.sqrt(covariance[row, row]), rel=0.12)
        difference = errors.differences[0].auc[name]
        assert difference is not None
        expected = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
        assert difference.error == pytest.approx(expected, rel=0.12)
        assert difference.error < 0.7 * np.sqrt(covariance[0, 0])


def test_of_equal_taggers_a_twentieth_looks_different(rng: np.random.Generator) -> None:
    """150 experiments with two equally good taggers: two errors are exceeded in 5 % of them, known to 1.8 %."""
    significant = []
    for seed in range(150):
        scores, label = _taggers(rng, 150)
        drawn = macro_auc_replicas(scores, label, np.ones(150), 40, seed)
        significant.append(value_with_error(drawn["x"], drawn["y"]).significant)
    assert 0.0 < np.mean(significant) < 0.05 + 3 * 0.018


def test_errors_of_shares_are_those_of_counting(rng: np.random.Generator) -> None:
    scores, label = _taggers(rng, 2000)
    errors = uncertainties(scores, label, CLASSES, np.ones(2000), 1).taggers["x"]
    values = performance(scores["x"], label, CLASSES)
    assert values.accuracy is not None
    expected = np.sqrt(values.accuracy * (1 - values.accuracy) / 2000)
    assert errors.accuracy == pytest.approx(expected, rel=0.2)
    for row, intervals in zip(values.confusion, errors.confusion, strict=True):
        for value, (low, high) in zip(row, intervals, strict=True):
            share, jets = value / sum(row), sum(row)
            # a little more than the normal approximation, as exact intervals are
            assert (high - low) / 2 == pytest.approx(np.sqrt(share * (1 - share) / jets) + 0.5 / jets, rel=0.1)
            assert low < share < high


def test_the_error_of_a_rejection_is_the_spread_of_experiments(rng: np.random.Generator) -> None:
    """Of 200 samples; both are known to 5 %."""
    values, errors = [], []
    for seed in range(200):
        scores, label = _taggers(rng, 400)
        curve = roc_curve(scores["x"][:, 0], label == 0)
        values.append(rejection(curve, 0.5, 1).background_efficiency or 0)
        if seed < 20:
            error = uncertainties({"x": scores["x"]}, label, CLASSES, np.ones(400), seed, 60).taggers["x"].rejection
            errors.append((error["0.5"]["a"] or 0) * values[-1] ** 2)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_a_band_is_where_the_replicas_are(rng: np.random.Generator) -> None:
    scores, label = _taggers(rng, 800)
    band = uncertainties({"x": scores["x"]}, label, CLASSES, np.ones(800), 1, 100).taggers["x"].roc["b"]
    curve = roc_curve(scores["x"][:, 1], label == 1)
    value = background_at(curve, EFFICIENCIES)
    assert len(band.low) == len(band.high) == len(EFFICIENCIES)
    assert (np.array(band.low) <= np.array(band.high)).all()
    assert np.mean((np.array(band.low) <= value) & (value <= np.array(band.high))) > 0.95
    assert 0 <= min(band.low) < max(band.high) <= 1


@pytest.mark.parametrize("efficiency", [0.02, *SIGNAL_EFFICIENCIES, 0.77, 1.0])
def test_background_is_read_off_as_by_the_metrics(rng: np.random.Generator, efficiency: float) -> None:
    scores, label = _taggers(rng, 300)
    curve = roc_curve(scores["x"][:, 0], label == 0)
    assert background_at(curve, [efficiency])[0] == pytest.approx(rejection(curve, efficiency, 1).background_efficiency)
    ranked = Ranking(scores["x"][:, 0], label == 0).curve(np.ones(300))
    assert ranked is not None
    np.testing.assert_allclose(ranked.signal, curve.signal)
    np.testing.assert_allclose(ranked.background, curve.background)


def test_what_cannot_be_measured_has_no_error_and_the_seed_decides(rng: np.random.Generator) -> None:
    scores, label = _taggers(rng, 200)
    label = np.minimum(label, 1)
    errors = uncertainties(scores, label, CLASSES, np.ones(200), 5, 10)
    assert errors.taggers["x"].auc["c"] is None
    assert errors.taggers["x"].rejection["0.3"]["c"] is None
    assert set(errors.taggers["x"].roc) == {"a", "b"}
    assert errors.taggers["x"].macro_auc is not None
    assert errors.taggers["x"].confusion[2] == [(0, 1)] * 3
    text = json.dumps(errors.as_json(), allow_nan=False)
    assert Uncertainties.of_json(json.loads(text)) == errors
    assert uncertainties(scores, label, CLASSES, np.ones(200), 5, 10) == errors
    assert uncertainties(scores, label, CLASSES, np.ones(200), 6, 10) != errors
    forward, backward = errors.macro_auc("x", "y"), errors.macro_auc("y", "x")
    assert forward is not None
    assert backward is not None
    assert (forward.value, forward.error) == (-backward.value, backward.error)
    assert errors.macro_auc("x", "z") is None


def test_equal_taggers_do_not_differ(rng: np.random.Generator) -> None:
    scores, label = _taggers(rng, 100)
    difference = uncertainties({"x": scores["x"], "y": scores["x"]}, label, CLASSES, np.ones(100), 1, 5).macro_auc(
        "x", "y"
    )
    assert difference == value_with_error(np.zeros(6))
    assert difference is not None
    assert not difference.significant
