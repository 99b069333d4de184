"""The share of fakes against efficiency, which compares methods of jet finding at the same efficiency."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.metrics.jet_matching import Assignment
from models.metrics.library_bootstrap import samples, spread

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WorkingPoint:
    """A method at the threshold on its score that gives a certain efficiency.

    Attributes:
        efficiency: the given efficiency.
        fakes: share of the found jets that are no truth jet.
        error: that of `fakes`, from the bootstrap over libraries, at the same efficiency in every replica; None with
            fewer than two libraries.
        score: the threshold.
    """

    efficiency: float
    fakes: float
    error: float | None
    score: float

    def as_json(self) -> dict[str, Any]:
        """Its content of `metrics.json`."""
        return asdict(self)


@dataclass
class FakeCurve:
    """Collects found jets of any score; a cut on the score does not change the assignment of those above it."""

    scores: list[Floats] = field(default_factory=list)
    correct: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    libraries: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    true: dict[int, int] = field(default_factory=dict)

    def add(self, score: Floats, assigned: Assignment, library: int) -> None:
        """Add one event: scores of the found jets, their assignment, and the library of its pileup."""
        counts = ~assigned.ignored
        self.scores.append(score[counts])
        self.correct.append(assigned.jet[counts] >= 0)
        self.libraries.append(np.full(int(counts.sum()), library, np.uint64))
        self.true[library] = self.true.get(library, 0) + assigned.true

    def at(self, efficiency: float) -> WorkingPoint | None:
        """The working point of an efficiency, interpolated between scores; None where it is never reached."""
        replicas = self.replicas(efficiency)
        if np.isnan(replicas[0]):
            return None
        order, correct, _ = self._sorted()
        passed = int(np.searchsorted(np.cumsum(correct), efficiency * sum(self.true.values())))
        scores = np.concatenate(self.scores)[order]
        return WorkingPoint(
            efficiency, float(replicas[0]), spread(replicas[1:]), float(scores[min(passed, scores.size - 1)])
        )

    def replicas(self, efficiency: float) -> Floats:
        """The share of fakes at an efficiency, the same efficiency in every replica; see `LibrarySums.replicas`.

        Returns:
            float64 [1 + replicas], NaN where the efficiency is not reached.
        """
        order, correct, last_of_tie = self._sorted()
        number = {key: index for index, key in enumerate(sorted(self.true))}
        true = np.array([self.true[key] for key in sorted(self.true)], np.float64)
        if not order.size:
            return np.full(len(samples(true.size)), np.nan)
        library = np.array([number[int(key)] for key in np.concatenate(self.libraries)])[order]
        fakes = [
            _fakes(correct, drawn[library], last_of_tie, efficiency * float(drawn @ true))
            for drawn in samples(true.size)
        ]
        return np.array([np.nan if share is None else share for share in fakes])

    def _sorted(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """The jets by falling score: their order, whether each is correct, whether it is the last of its score."""
        scores = np.concatenate(self.scores) if self.scores else np.zeros(0)
        order = np.argsort(-scores, kind="stable")
        correct = np.concatenate(self.correct)[order] if self.correct else np.zeros(0, bool)
        return order, correct, np.append(np.diff(scores[order]) != 0, True)[: scores.size]


def _fakes(
    correct: npt.NDArray[np.bool_], weight: Floats, last_of_tie: npt.NDArray[np.bool_], target: float
) -> float | None:
    """The share of fakes where the weight of the correct jets reaches the target."""
    hits = np.append(0.0, np.cumsum(correct * weight)[last_of_tie])
    fakes = np.append(0.0, np.cumsum(~correct * weight)[last_of_tie])
    if target > hits[-1] or target <= 0:
        return None
    index = int(np.searchsorted(hits, target))
    share = (target - hits[index - 1]) / (hits[index] - hits[index - 1])
    fake = fakes[index - 1] + share * (fakes[index] - fakes[index - 1])
    return float(fake / (fake + target))
