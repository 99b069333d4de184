"""Statistical errors by the bootstrap, and of the difference of two taggers on the same jets.

A replica draws as many jets from the sample as it has, with replacement; the error is the standard deviation over the
replicas (B. Efron, Ann. Statist. 7 (1979) 1). Taggers are drawn the same jets, so what they share cancels in the
difference.
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
"""Replicas where nothing else is said: an error of so many is known to 5 %."""


@dataclass(frozen=True)
class Measured:
    """A macro-AUC, or a difference of two, with its statistical error (one standard deviation)."""

    value: float
    error: float

    @property
    def seen(self) -> bool:
        """Whether a difference is more than two of its errors from 0: less is no difference that this sample shows.

        >>> Measured(-0.0015, 0.0017).seen, Measured(-0.0040, 0.0017).seen
        (False, True)
        """
        return abs(self.value) > 2 * self.error

    def __neg__(self) -> Measured:
        """The same difference, taken the other way round."""
        return Measured(-self.value, self.error)

    @classmethod
    def of_json(cls, found: Mapping[str, float] | None) -> Measured | None:
        """What `asdict` gave; None of what was not measured."""
        return None if found is None else cls(**found)


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
        name: [Ranking(values, labels == index) for index, values in enumerate(np.asarray(of, dtype=np.float64).T)]
        for name, of in scores.items()
    }
    samples = itertools.chain([weights], (weights * drawn for drawn in draws(labels.size, replicas, seed)))
    found: dict[str, list[float]] = {name: [] for name in taggers}
    for drawn in samples:
        for name, rankings in taggers.items():
            areas = [auc(curve) if (curve := ranking.curve(drawn)) else math.nan for ranking in rankings]
            if not np.isfinite(areas).all():
                raise ValueError("the weights of a class, or of all others, sum to 0")
            found[name].append(float(np.mean(areas)))
    return {name: np.array(values) for name, values in found.items()}


def measured(replicas: Floats, reference: Floats | None = None) -> Measured:
    """The value on the sample and the standard deviation over the replicas, of one tagger or less another's."""
    values = replicas if reference is None else replicas - reference
    error = float(values[1:].std(ddof=1)) if values.size > 2 else float("nan")
    return Measured(float(values[0]), error)


def difference(values: Floats, reference: Floats) -> Measured | None:
    """One figure less another on the same replicas.

    None where the sample lacks one of them, or fewer than two replicas have both.

    Args:
        values: [1 + replicas], the sample itself first; NaN where the figure is not defined.
        reference: likewise, of the other.

    >>> difference(np.array([2.0, 2.5, 1.5]), np.array([1.0, 1.5, 0.5]))
    Measured(value=1.0, error=0.0)
    """
    known = np.isfinite(values) & np.isfinite(reference)
    return measured(values[known], reference[known]) if known[0] and known.sum() > 2 else None


class Ranking:
    """One score of one class, sorted once for all replicas.

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
        """The ROC curve with some weights, None where signal or background has none."""
        ordered = weight[self._order]
        all_, signal = np.cumsum(ordered), np.cumsum(ordered * self._signal)
        if not 0 < signal[-1] < all_[-1]:
            return None
        passed = [np.append(0.0, values[self._last_of_tie]) for values in (signal, all_ - signal)]
        return RocCurve(*(values / values[-1] for values in passed))
