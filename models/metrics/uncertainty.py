"""Statistical errors of the metrics of taggers, and of the difference of any two, from the number of test jets.

Errors are standard deviations over replicas of the test jets (`models/metrics/bootstrap.py`), the same replicas for all
taggers. They do not contain the spread between trainings of the same network, which takes several trainings to measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.metrics.binomial import Interval, clopper_pearson
from models.metrics.bootstrap import REPLICAS, Ranking, ValueWithError, difference, draws, value_with_error
from models.metrics.response import ONE_SIGMA
from models.metrics.taggers import SIGNAL_EFFICIENCIES, RocCurve, auc, effective_number

Floats = npt.NDArray[np.float64]

EFFICIENCIES = (*(round(0.02 * i, 2) for i in range(1, 50)), 1.0)
"""Signal efficiencies of the bands of ROC curves."""


@dataclass(frozen=True)
class Band:
    """Background efficiency at `EFFICIENCIES`, from the quantile at 16 % of the replicas to that at 84 %."""

    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Uncertainty:
    """The errors of the metrics of one tagger, with the same names; None where a metric could not be measured.

    Attributes:
        rejection: that of 1/eps_B, by working point and class; None too where no background jet passes.
        confusion: that of the share of a true class that is classified as a class, [true class][class]: the central
            interval of 68.3 % (Clopper-Pearson, of effective numbers).
        roc: by class.
    """

    macro_auc: float | None
    accuracy: float | None
    auc: dict[str, float | None]
    rejection: dict[str, dict[str, float | None]]
    confusion: list[list[Interval]]
    roc: dict[str, Band]

    @classmethod
    def of_json(cls, content: dict[str, Any]) -> Self:
        """From the content that `asdict` wrote."""
        confusion = [[(float(low), float(high)) for low, high in row] for row in content["confusion"]]
        roc = {name: Band(**band) for name, band in content["roc"].items()}
        return cls(**(content | {"confusion": confusion, "roc": roc}))


UNKNOWN = Uncertainty(None, None, {}, {}, [], {})
"""That of a tagger whose errors were not measured."""


@dataclass(frozen=True)
class TaggerDifference:
    """The metrics of one tagger minus those of another on the same jets; None where one was not measured."""

    tagger: str
    reference: str
    macro_auc: ValueWithError | None
    accuracy: ValueWithError | None
    auc: dict[str, ValueWithError | None]

    @classmethod
    def of_json(cls, content: dict[str, Any]) -> Self:
        """From the content that `asdict` wrote."""
        areas = {name: ValueWithError.of_json(area) for name, area in content["auc"].items()}
        whole = {name: ValueWithError.of_json(content[name]) for name in ("macro_auc", "accuracy")}
        return cls(**(content | whole | {"auc": areas}))


@dataclass(frozen=True)
class Uncertainties:
    """The errors of all taggers on the same jets.

    Attributes:
        replicas, seed: those of the bootstrap.
        taggers: by name.
        differences: each tagger minus every later one.
    """

    replicas: int
    seed: int
    taggers: dict[str, Uncertainty]
    differences: list[TaggerDifference] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The content of `uncertainty` in `metrics.json`."""
        return asdict(self)

    @classmethod
    def of_json(cls, content: dict[str, Any]) -> Self:
        """From the content that `as_json` wrote."""
        taggers = {name: Uncertainty.of_json(entry) for name, entry in content["taggers"].items()}
        differences = [TaggerDifference.of_json(entry) for entry in content["differences"]]
        return cls(int(content["replicas"]), int(content["seed"]), taggers, differences)

    def macro_auc(self, tagger: str, reference: str) -> ValueWithError | None:
        """The macro-AUC of one tagger minus that of another, None where it was not measured."""
        for pair in self.differences:
            if pair.macro_auc is not None and {pair.tagger, pair.reference} == {tagger, reference}:
                return pair.macro_auc if pair.tagger == tagger else -pair.macro_auc
        return None


def uncertainties(
    scores: Mapping[str, npt.ArrayLike],
    label: npt.ArrayLike,
    classes: tuple[str, ...],
    weight: npt.ArrayLike,
    seed: int,
    replicas: int = REPLICAS,
) -> Uncertainties:
    """The errors of `models.metrics.taggers.performance` for several taggers.

    Args:
        scores: [jets, classes] by tagger.
        label: [jets], index into `classes`.
        classes: their names.
        weight: [jets], not negative.
        seed: that of the replicas.
        replicas: their number.
    """
    labels, weights = np.asarray(label, dtype=np.int64), np.asarray(weight, dtype=np.float64)
    values = {name: np.asarray(tagger_scores, dtype=np.float64) for name, tagger_scores in scores.items()}
    samples = {name: _Samples(tagger_scores, labels, len(classes)) for name, tagger_scores in values.items()}
    for sample in samples.values():
        sample.add(weights)
    for drawn in draws(labels.size, replicas, seed):
        for sample in samples.values():
            sample.add(weights * drawn)
    errors = {name: sample.uncertainty(classes, values[name], labels, weights) for name, sample in samples.items()}
    names = list(samples)
    differences = [
        _difference(tagger, reference, samples, classes)
        for i, tagger in enumerate(names)
        for reference in names[i + 1 :]
    ]
    return Uncertainties(replicas, seed, errors, differences)


class _Samples:
    """The metrics of one tagger on the test jets and, one after the other, on their replicas."""

    def __init__(self, scores: Floats, label: npt.NDArray[np.int64], classes: int) -> None:
        self._rankings = [Ranking(scores[:, index], label == index) for index in range(classes)]
        self._correct = (scores.argmax(axis=1) == label).astype(np.float64)
        self._areas: list[list[float]] = []
        self._accuracy: list[float] = []
        self._passing: list[list[Floats]] = []

    def add(self, weight: Floats) -> None:
        curves = [ranking.curve(weight) for ranking in self._rankings]
        self._areas.append([np.nan if curve is None else auc(curve) for curve in curves])
        self._passing.append([background_at(curve, (*SIGNAL_EFFICIENCIES, *EFFICIENCIES)) for curve in curves])
        total = weight.sum()
        self._accuracy.append(float(self._correct @ weight / total) if total > 0 else np.nan)

    @property
    def areas(self) -> Floats:
        """[1 + replicas, classes], NaN where a class cannot be measured."""
        return np.array(self._areas)

    @property
    def macro(self) -> Floats:
        """[1 + replicas], over the classes that the sample itself has."""
        areas = self.areas
        return areas[:, np.isfinite(areas[0])].mean(axis=1) if np.isfinite(areas[0]).any() else areas[:, 0]

    @property
    def accuracy(self) -> Floats:
        """[1 + replicas]."""
        return np.array(self._accuracy)

    def uncertainty(
        self, classes: tuple[str, ...], scores: Floats, label: npt.NDArray[np.int64], weight: Floats
    ) -> Uncertainty:
        passing = np.array(self._passing)
        points = {}
        for place, point in enumerate(SIGNAL_EFFICIENCIES):
            at = passing[:, :, place]
            of_sample = at[0]
            errors = [_error(at[:, index]) for index in range(len(classes))]
            points[str(point)] = {
                name: None if error is None or not of_sample[index] > 0 else error / float(of_sample[index]) ** 2
                for index, (name, error) in enumerate(zip(classes, errors, strict=True))
            }
        bands = passing[:, :, len(SIGNAL_EFFICIENCIES) :]
        return Uncertainty(
            macro_auc=_error(self.macro),
            accuracy=_error(self.accuracy),
            auc={name: _error(self.areas[:, index]) for index, name in enumerate(classes)},
            rejection=points,
            confusion=_confusion(label, scores.argmax(axis=1), len(classes), weight),
            roc={
                name: Band(*np.nanquantile(bands[1:, index], ONE_SIGMA, axis=0).tolist())
                for index, name in enumerate(classes)
                if np.isfinite(bands[0, index]).all()
            },
        )


def background_at(curve: RocCurve | None, efficiencies: Iterable[float]) -> Floats:
    """The background efficiency at signal efficiencies, interpolated as by `taggers.rejection`; NaN without a curve."""
    targets = np.asarray(tuple(efficiencies), dtype=np.float64)
    if curve is None:
        return np.full(targets.size, np.nan)
    above = np.minimum(np.searchsorted(curve.signal, targets, side="left"), curve.signal.size - 1)
    below = np.maximum(above - 1, 0)
    width = curve.signal[above] - curve.signal[below]
    share = np.divide(targets - curve.signal[below], width, out=np.ones_like(width), where=width > 0)
    background: Floats = curve.background[below] + np.clip(share, 0, 1) * (
        curve.background[above] - curve.background[below]
    )
    return background


def _difference(
    tagger: str, reference: str, samples: Mapping[str, _Samples], classes: tuple[str, ...]
) -> TaggerDifference:
    values, reference_values = samples[tagger], samples[reference]
    areas = {name: difference(values.areas[:, i], reference_values.areas[:, i]) for i, name in enumerate(classes)}
    return TaggerDifference(
        tagger,
        reference,
        difference(values.macro, reference_values.macro),
        difference(values.accuracy, reference_values.accuracy),
        areas,
    )


def _error(values: Floats) -> float | None:
    """The standard deviation over the replicas that have the class; None where the sample does not."""
    defined = np.isfinite(values)
    return value_with_error(values[defined]).error if defined[0] and defined.sum() > 2 else None


def _confusion(
    label: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], classes: int, weight: Floats
) -> list[list[Interval]]:
    intervals = []
    for index in range(classes):
        weights, predicted_class = weight[label == index], predicted[label == index]
        total, jets = float(weights.sum()), effective_number(weights)
        sums = np.bincount(predicted_class, weights, minlength=classes)
        intervals.append([clopper_pearson(jets * value / total if total > 0 else 0.0, jets) for value in sums.tolist()])
    return intervals
