"""Statistical errors by the bootstrap, and of the difference of two taggers on the same jets.

A replica draws as many jets from the sample as it has, with replacement; the error is the standard deviation over the
replicas (B. Efron, Ann. Statist. 7 (1979) 1). All taggers have the same replicas, so their common fluctuations cancel
in the difference.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.metrics.taggers import RocCurve, auc

Floats = npt.NDArray[np.float64]

REPLICAS = 200
"""The default number of replicas: it determines an error to 5 %."""


@dataclass(frozen=True)
class ValueWithError:
    """A macro-AUC, or a difference of two, with its statistical error (one standard deviation)."""

    value: float
    error: float

    @property
    def significant(self) -> bool:
        """Whether a difference is more than two of its errors from 0.

        >>> ValueWithError(-0.0015, 0.0017).significant, ValueWithError(-0.0040, 0.0017).significant
        (False, True)
        """
        return abs(self.value) > 2 * self.error

    def __neg__(self) -> ValueWithError:
        """The difference with the opposite sign."""
        return ValueWithError(-self.value, self.error)

    @classmethod
    def of_json(cls, content: Mapping[str, float] | None) -> ValueWithError | None:
        """From the content that `asdict` wrote; None where nothing was measured."""
        return None if content is None else cls(**content)


def draws(jets: int, replicas: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """How often each jet is in each replica, int64 [jets], one array after the other; their sum is `jets`."""
    rng = np.random.default_rng(seed)
    for _ in range(replicas):
        yield np.bincount(rng.integers(0, jets, jets), minlength=jets)


def macro_auc_replicas(
    scores: Mapping[str, npt.ArrayLike], label: npt.ArrayLike, weight: npt.ArrayLike, replicas: int, seed: int
) -> dict[str, Floats]:
    """The macro-AUC of every tagger on the sample and on each replica of it.

    Args:
        scores: [jets, classes] by tagger; equal scores count half.
        label: [jets].
        weight: [jets], not negative.
        replicas: how many.
        seed: of the draws.

    Returns:
        float64 [1 + replicas] by tagger, the sample itself first.

    Raises:
        ValueError: a class or all others without weight.
    """
    labels, weights = np.asarray(label), np.asarray(weight, dtype=np.float64)
    taggers = {
        name: [
            Ranking(values, labels == index)
            for index, values in enumerate(np.asarray(tagger_scores, dtype=np.float64).T)
        ]
        for name, tagger_scores in scores.items()
    }
    samples = itertools.chain([weights], (weights * drawn for drawn in draws(labels.size, replicas, seed)))
    macro_aucs: dict[str, list[float]] = {name: [] for name in taggers}
    for drawn in samples:
        for name, rankings in taggers.items():
            areas = [auc(curve) if (curve := ranking.curve(drawn)) else math.nan for ranking in rankings]
            if not np.isfinite(areas).all():
                raise ValueError("the weights of a class, or of all others, sum to 0")
            macro_aucs[name].append(float(np.mean(areas)))
    return {name: np.array(values) for name, values in macro_aucs.items()}


def value_with_error(replicas: Floats, reference: Floats | None = None) -> ValueWithError:
    """The value on the sample and the standard deviation over the replicas, of one tagger or minus that of another."""
    values = replicas if reference is None else replicas - reference
    error = float(values[1:].std(ddof=1)) if values.size > 2 else float("nan")
    return ValueWithError(float(values[0]), error)


def difference(values: Floats, reference: Floats) -> ValueWithError | None:
    """One figure minus another on the same replicas.

    None where one of them is not defined on the sample, or both on fewer than two replicas.

    Args:
        values: [1 + replicas], the sample itself first; NaN where the figure is not defined.
        reference: likewise, of the figure that is subtracted.

    >>> difference(np.array([2.0, 2.5, 1.5]), np.array([1.0, 1.5, 0.5]))
    ValueWithError(value=1.0, error=0.0)
    """
    defined = np.isfinite(values) & np.isfinite(reference)
    return value_with_error(values[defined], reference[defined]) if defined[0] and defined.sum() > 2 else None


class Ranking:
    """The jets sorted by one score, once for all replicas.

    Args:
        score: [jets], larger is more like signal.
        is_signal: [jets].
    """

    def __init__(self, score: npt.ArrayLike, is_signal: npt.ArrayLike) -> None:
        scores = np.asarray(score, dtype=np.float64)
        self._order = np.argsort(-scores, kind="stable")
        self._last_of_tie = np.append(np.diff(scores[self._order]) != 0, True)
        self._signal = np.asarray(is_signal, dtype=bool)[self._order]

    def curve(self, weight: Floats) -> RocCurve | None:
        """The ROC curve with these weights [jets], None where signal or background has no weight."""
        ordered = weight[self._order]
        total, signal = np.cumsum(ordered), np.cumsum(ordered * self._signal)
        if not 0 < signal[-1] < total[-1]:
            return None
        passed = [np.append(0.0, values[self._last_of_tie]) for values in (signal, total - signal)]
        return RocCurve(*(values / values[-1] for values in passed))
