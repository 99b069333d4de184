"""How well the test jets know the metrics of taggers, and the difference of any two: statistical errors alone.

Errors are standard deviations over replicas of the test jets (`models/metrics/bootstrap.py`), the same replicas for all
taggers. How much another training of the same network would differ is not in them: that takes several trainings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.metrics.binomial import Interval, clopper_pearson
from models.metrics.bootstrap import REPLICAS, Measured, Ranking, difference, draws, measured
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
    """The errors of the metrics of one tagger, named as those; None where a metric could not be measured.

    Attributes:
        rejection: of 1/eps_B, by working point and class; None too where no background jet passes.
        confusion: of the share of a true class that is taken for a class, [true class][class]: the central interval of
            68.3 % (Clopper-Pearson, of effective numbers).
        roc: by class.
    """

    macro_auc: float | None
    accuracy: float | None
    auc: dict[str, float | None]
    rejection: dict[str, dict[str, float | None]]
    confusion: list[list[Interval]]
    roc: dict[str, Band]

    @classmethod
    def of_json(cls, found: dict[str, Any]) -> Self:
        """What `asdict` gave."""
        confusion = [[(float(low), float(high)) for low, high in row] for row in found["confusion"]]
        roc = {name: Band(**band) for name, band in found["roc"].items()}
        return cls(**(found | {"confusion": confusion, "roc": roc}))


UNKNOWN = Uncertainty(None, None, {}, {}, [], {})
"""Of a tagger whose errors nobody measured."""


@dataclass(frozen=True)
class Difference:
    """The metrics of one tagger less those of another on the same jets; None where one was not measured."""

    tagger: str
    reference: str
    macro_auc: Measured | None
    accuracy: Measured | None
    auc: dict[str, Measured | None]

    @classmethod
    def of_json(cls, found: dict[str, Any]) -> Self:
        """What `asdict` gave."""
        areas = {name: Measured.of_json(each) for name, each in found["auc"].items()}
        whole = {name: Measured.of_json(found[name]) for name in ("macro_auc", "accuracy")}
        return cls(**(found | whole | {"auc": areas}))


@dataclass(frozen=True)
class Uncertainties:
    """Of all taggers on the same jets.

    Attributes:
        replicas, seed: of the bootstrap.
        taggers: by name.
        differences: of each with every later one.
    """

    replicas: int
    seed: int
    taggers: dict[str, Uncertainty]
    differences: list[Difference] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What `metrics.json` holds under `uncertainty`."""
        return asdict(self)

    @classmethod
    def of_json(cls, found: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        taggers = {name: Uncertainty.of_json(each) for name, each in found["taggers"].items()}
        differences = [Difference.of_json(each) for each in found["differences"]]
        return cls(int(found["replicas"]), int(found["seed"]), taggers, differences)

    def macro_auc(self, tagger: str, reference: str) -> Measured | None:
        """The macro-AUC of one tagger less that of another, None where it is not known."""
        for each in self.differences:
            if each.macro_auc is not None and {each.tagger, each.reference} == {tagger, reference}:
                return each.macro_auc if each.tagger == tagger else -each.macro_auc
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
        seed: of the replicas.
        replicas: how many.
    """
    labels, weights = np.asarray(label, dtype=np.int64), np.asarray(weight, dtype=np.float64)
    values = {name: np.asarray(each, dtype=np.float64) for name, each in scores.items()}
    samples = {name: _Samples(each, labels, len(classes)) for name, each in values.items()}
    for sample in samples.values():
        sample.add(weights)
    for drawn in draws(labels.size, replicas, seed):
        for sample in samples.values():
            sample.add(weights * drawn)
    found = {name: sample.uncertainty(classes, values[name], labels, weights) for name, sample in samples.items()}
    names = list(samples)
    differences = [_difference(one, other, samples, classes) for i, one in enumerate(names) for other in names[i + 1 :]]
    return Uncertainties(replicas, seed, found, differences)


class _Samples:
    """The metrics of one tagger on the test jets and, one after the other, on their replicas."""

    def __init__(self, scores: Floats, label: npt.NDArray[np.int64], classes: int) -> None:
        self._rankings = [Ranking(scores[:, index], label == index) for index in range(classes)]
        self._right = (scores.argmax(axis=1) == label).astype(np.float64)
        self._areas: list[list[float]] = []
        self._accuracy: list[float] = []
        self._passing: list[list[Floats]] = []

    def add(self, weight: Floats) -> None:
        curves = [ranking.curve(weight) for ranking in self._rankings]
        self._areas.append([np.nan if curve is None else auc(curve) for curve in curves])
        self._passing.append([background_at(curve, (*SIGNAL_EFFICIENCIES, *EFFICIENCIES)) for curve in curves])
        total = weight.sum()
        self._accuracy.append(float(self._right @ weight / total) if total > 0 else np.nan)

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
    """The background efficiency at signal efficiencies, as `taggers.rejection` takes it; NaN without a curve."""
    wanted = np.asarray(tuple(efficiencies), dtype=np.float64)
    if curve is None:
        return np.full(wanted.size, np.nan)
    right = np.minimum(np.searchsorted(curve.signal, wanted, side="left"), curve.signal.size - 1)
    left = np.maximum(right - 1, 0)
    width = curve.signal[right] - curve.signal[left]
    share = np.divide(wanted - curve.signal[left], width, out=np.ones_like(width), where=width > 0)
    found: Floats = curve.background[left] + np.clip(share, 0, 1) * (curve.background[right] - curve.background[left])
    return found


def _difference(one: str, other: str, samples: Mapping[str, _Samples], classes: tuple[str, ...]) -> Difference:
    first, second = samples[one], samples[other]
    areas = {name: difference(first.areas[:, i], second.areas[:, i]) for i, name in enumerate(classes)}
    return Difference(
        one, other, difference(first.macro, second.macro), difference(first.accuracy, second.accuracy), areas
    )


def _error(values: Floats) -> float | None:
    """The standard deviation over the replicas that have the class; None where the sample has not."""
    known = np.isfinite(values)
    return measured(values[known]).error if known[0] and known.sum() > 2 else None


def _confusion(
    label: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], classes: int, weight: Floats
) -> list[list[Interval]]:
    found = []
    for index in range(classes):
        weights, taken = weight[label == index], predicted[label == index]
        total, jets = float(weights.sum()), effective_number(weights)
        sums = np.bincount(taken, weights, minlength=classes)
        found.append([clopper_pearson(jets * value / total if total > 0 else 0.0, jets) for value in sums.tolist()])
    return found
