"""Statistical errors of the macro-AUC by the bootstrap, and of the difference of two taggers on the same jets.

A replica draws as many jets from the sample as it has, with replacement; the error is the standard deviation over the
replicas (B. Efron, Ann. Statist. 7 (1979) 1). Taggers are drawn the same jets, so what they share cancels in the
difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A macro-AUC, or a difference of two, with its statistical error (one standard deviation)."""

    value: float
    error: float


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
    rng = np.random.default_rng(seed)
    taggers = {name: _Sorted(np.asarray(values, dtype=np.float64), labels) for name, values in scores.items()}
    found = {name: [tagger.macro_auc(weights)] for name, tagger in taggers.items()}
    for _ in range(replicas):
        drawn = weights * np.bincount(rng.integers(0, labels.size, labels.size), minlength=labels.size)
        for name, tagger in taggers.items():
            found[name].append(tagger.macro_auc(drawn))
    return {name: np.array(values) for name, values in found.items()}


def measured(replicas: Floats, reference: Floats | None = None) -> Measured:
    """The value on the sample and the standard deviation over the replicas, of one tagger or less another's."""
    values = replicas if reference is None else replicas - reference
    error = float(values[1:].std(ddof=1)) if values.size > 2 else float("nan")
    return Measured(float(values[0]), error)


class _Sorted:
    """The scores of one tagger, each class sorted once for all replicas."""

    def __init__(self, scores: Floats, label: npt.NDArray[np.generic]) -> None:
        self._classes = []
        for index in range(scores.shape[1]):
            order = np.argsort(-scores[:, index], kind="stable")
            last_of_tie = np.append(np.diff(scores[order, index]) != 0, True)
            self._classes.append((order, last_of_tie, label[order] == index))

    def macro_auc(self, weight: Floats) -> float:
        areas = []
        for order, last_of_tie, signal in self._classes:
            sorted_weight = weight[order]
            passed = [np.append(0.0, np.cumsum(sorted_weight * kind)[last_of_tie]) for kind in (signal, ~signal)]
            if not (passed[0][-1] > 0 and passed[1][-1] > 0):
                raise ValueError("the weights of a class, or of all others, sum to 0")
            area = float(np.sum(np.diff(passed[1]) * (passed[0][1:] + passed[0][:-1])) / 2)
            areas.append(area / (passed[0][-1] * passed[1][-1]))
        return float(np.mean(areas))
