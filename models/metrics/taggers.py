"""The performance of a tagger: ROC, AUC, background rejection, accuracy, confusion matrix; all with event weights.

All is for one class against all others ("one-vs-rest") with the score of that class, and optionally for one class
against some others, as quarks and gluons, with its score divided by the sum of its and their scores. Numpy alone.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SIGNAL_EFFICIENCIES = (0.3, 0.5)
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class RocCurve:
    """Efficiencies at every distinct threshold, from (0, 0) to (1, 1), float64 [points]."""

    signal: Floats
    background: Floats


@dataclass(frozen=True)
class Rejection:
    """Background rejection at one working point.

    Attributes:
        signal_efficiency: the share of the signal that passes.
        background_efficiency: the share of the background that passes, None without signal or background.
        rejection: 1 / background_efficiency; None where no background jet passes, as it is not measured then.
        lower_limit: in that case, the rejection that is exceeded at 95 % confidence (see `rejection`), else None.
    """

    signal_efficiency: float
    background_efficiency: float | None
    rejection: float | None
    lower_limit: float | None


@dataclass(frozen=True)
class Against:
    """The separation of each other class from some classes that together are the background.

    The background is the mixture of these classes with the weights of the sample. The score of a class s is
    p_s / (p_s + Σ p_b) with the sum over the background's classes; the scores of all other classes do not enter.

    Attributes:
        classes: the background.
        auc: by signal class, None where the sample has none of it or no background.
        rejection: by working point (as text, "0.3"), then by signal class.
    """

    classes: tuple[str, ...]
    auc: dict[str, float | None]
    rejection: dict[str, dict[str, Rejection]]


@dataclass(frozen=True)
class Performance:
    """The metrics of one tagger on one sample; lists by class follow `classes`.

    Attributes:
        macro_auc: the plain mean of the AUCs by class.
        auc: by class, None where the sample has no jet of the class or of all others.
        rejection: by working point (as text, "0.3"), then by class.
        accuracy: weighted share of jets whose highest score is that of their class.
        confusion: sums of weights, [true class][class of the highest score].
        against: the separation from the background classes, if any were given.
    """

    jets: int
    macro_auc: float | None
    auc: dict[str, float | None]
    rejection: dict[str, dict[str, Rejection]]
    accuracy: float | None
    confusion: list[list[float]]
    against: Against | None = None

    def as_json(self) -> dict[str, Any]:
        """The content of `metrics.json` for this tagger."""
        return asdict(self)


def softmax(logits: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Scores that add up to 1, float32, from logits [..., classes].

    >>> softmax([[0.0, 0.0], [1000.0, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    values = np.asarray(logits, dtype=np.float64)
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    scores: npt.NDArray[np.float32] = (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)
    return scores


def roc_curve(score: npt.ArrayLike, is_signal: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> RocCurve:
    """The ROC curve of one score; jets with equal scores pass together.

    Args:
        score: [jets], larger is more like signal.
        is_signal: bool [jets].
        weight: [jets], not negative; default 1.

    Raises:
        ValueError: when signal or background has no weight, a weight is negative, or a score is NaN.

    >>> curve = roc_curve([0.9, 0.8, 0.8, 0.1], [True, True, False, False])
    >>> curve.signal.tolist(), curve.background.tolist()
    ([0.0, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 1.0])
    """
    scores = np.asarray(score, dtype=np.float64)
    signal = np.asarray(is_signal, dtype=bool)
    weights = np.ones(len(scores)) if weight is None else np.asarray(weight, dtype=np.float64)
    if np.isnan(scores).any() or (weights < 0).any():
        raise ValueError("a ROC curve needs scores that are numbers and weights that are not negative")
    if not (weights[signal].sum() > 0 and weights[~signal].sum() > 0):
        raise ValueError("a ROC curve needs both signal and background")
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    passed = [np.cumsum(np.where(sample, weights, 0.0)[order])[last_of_tie] for sample in (signal, ~signal)]
    return RocCurve(*(np.append(0.0, values / values[-1]) for values in passed))


def auc(curve: RocCurve) -> float:
    """The area under the ROC curve: the probability that a signal jet scores above a background jet, ties count half.

    >>> auc(roc_curve([0.9, 0.8, 0.8, 0.1], [True, True, False, False]))
    0.875
    """
    steps = np.diff(curve.background)
    return float(np.sum(steps * (curve.signal[1:] + curve.signal[:-1])) / 2)


def rejection(curve: RocCurve, signal_efficiency: float, background_jets: float) -> Rejection:
    """Background rejection 1/eps_B at a signal efficiency eps_S, between two thresholds by linear interpolation.

    Where no background jet passes, 1/eps_B is unbounded; the result is then the limit from 0 of N jets:
    eps_B < -ln(0.05) / N at 95 % confidence (Poisson), so the rejection exceeds N / 3.0.

    Args:
        curve: the ROC curve.
        signal_efficiency: eps_S, in (0, 1].
        background_jets: the effective number of background jets, (sum w)^2 / sum w^2.

    >>> curve = roc_curve([4, 3, 2, 1], [True, False, True, False])
    >>> rejection(curve, 0.9, 2).rejection, rejection(curve, 0.3, 2).rejection
    (2.0, None)
    """
    # The first point that reaches the efficiency, and the one before it: of equal efficiencies the least background.
    above = int(np.searchsorted(curve.signal, signal_efficiency, side="left"))
    below = max(above - 1, 0)
    passing = float(np.interp(signal_efficiency, curve.signal[[below, above]], curve.background[[below, above]]))
    if passing > 0:
        return Rejection(signal_efficiency, passing, 1 / passing, None)
    return Rejection(signal_efficiency, 0.0, None, background_jets / -math.log(1 - _CONFIDENCE))


def effective_number(weight: npt.ArrayLike) -> float:
    """The number of unweighted jets with the same relative statistical error, (sum w)^2 / sum w^2.

    >>> effective_number([1.0, 1.0, 1.0]), effective_number([])
    (3.0, 0.0)
    """
    weights = np.asarray(weight, dtype=np.float64)
    squares = float(np.sum(weights**2))
    return float(np.sum(weights)) ** 2 / squares if squares > 0 else 0.0


def confusion_matrix(
    label: npt.ArrayLike, predicted: npt.ArrayLike, classes: int, weight: npt.ArrayLike | None = None
) -> Floats:
    """Sums of weights, float64 [true class, predicted class].

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    index = np.asarray(label, dtype=np.int64) * classes + np.asarray(predicted, dtype=np.int64)
    weights = None if weight is None else np.asarray(weight, dtype=np.float64)
    return np.bincount(index, weights, minlength=classes**2).astype(np.float64).reshape(classes, classes)


def performance(
    scores: npt.ArrayLike,
    label: npt.ArrayLike,
    classes: tuple[str, ...],
    weight: npt.ArrayLike | None = None,
    background: tuple[str, ...] = (),
) -> Performance:
    """All metrics of one tagger.

    Args:
        scores: [jets, classes].
        label: [jets], index into `classes`.
        classes: their names.
        weight: [jets], not negative.
        background: classes that together are the background of `against`.

    Raises:
        ValueError: when there are no jets, or shapes do not fit.
    """
    values = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(label, dtype=np.int64)
    weights = np.ones(len(labels)) if weight is None else np.asarray(weight, dtype=np.float64)
    if not len(labels) or values.shape != (len(labels), len(classes)) or weights.shape != labels.shape:
        raise ValueError(f"scores of shape {values.shape} do not fit {len(labels)} jets of {len(classes)} classes")
    areas: dict[str, float | None] = {}
    points: dict[str, dict[str, Rejection]] = {str(point): {} for point in SIGNAL_EFFICIENCIES}
    for index, name in enumerate(classes):
        areas[name] = _measure(values[:, index], labels == index, weights, points, name)
    defined = [area for area in areas.values() if area is not None]
    confusion = confusion_matrix(labels, values.argmax(axis=1), len(classes), weights)
    return Performance(
        jets=len(labels),
        macro_auc=float(np.mean(defined)) if defined else None,
        auc=areas,
        rejection=points,
        accuracy=float(np.trace(confusion) / confusion.sum()) if confusion.sum() > 0 else None,
        confusion=confusion.tolist(),
        against=_against(values, labels, classes, weights, background) if background else None,
    )


def _against(
    values: Floats,
    labels: npt.NDArray[np.int64],
    classes: tuple[str, ...],
    weights: Floats,
    background: tuple[str, ...],
) -> Against:
    backgrounds = [classes.index(name) for name in background]
    areas: dict[str, float | None] = {}
    points: dict[str, dict[str, Rejection]] = {str(point): {} for point in SIGNAL_EFFICIENCIES}
    for index, name in enumerate(classes):
        if index not in backgrounds:
            jets = np.isin(labels, [index, *backgrounds])
            signal, total = values[jets, index], values[jets][:, [index, *backgrounds]].sum(axis=1)
            share = np.divide(signal, total, out=np.zeros_like(total), where=total > 0)
            areas[name] = _measure(share, labels[jets] == index, weights[jets], points, name)
    return Against(background, areas, points)


def _measure(
    score: Floats, signal: npt.NDArray[np.bool_], weights: Floats, points: dict[str, dict[str, Rejection]], name: str
) -> float | None:
    """The area under one curve; its working points are added to `points`."""
    if not (weights[signal].sum() > 0 and weights[~signal].sum() > 0):
        for point in SIGNAL_EFFICIENCIES:
            points[str(point)][name] = Rejection(point, None, None, None)
        return None
    curve, jets = roc_curve(score, signal, weights), effective_number(weights[~signal])
    for point in SIGNAL_EFFICIENCIES:
        points[str(point)][name] = rejection(curve, point, jets)
    return auc(curve)
