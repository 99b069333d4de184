"""Fakes against efficiency: what each way to find jets pays for the same efficiency."""

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
    """What a method does at the threshold on its score that gives a certain efficiency.

    Attributes:
        efficiency: the efficiency asked for.
        fakes: share of the found jets that are no truth jet.
        error: of it, from the bootstrap over libraries, the efficiency being the same in every replica; None with
            fewer than two libraries.
        score: the threshold.
    """

    efficiency: float
    fakes: float
    error: float | None
    score: float

    def as_json(self) -> dict[str, Any]:
        """What `metrics.json` holds of it."""
        return asdict(self)


@dataclass
class FakeCurve:
    """Collects found jets of any score; of a list that is cut at a score the assignment to the truth is the same."""

    scores: list[Floats] = field(default_factory=list)
    right: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    libraries: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    true: dict[int, int] = field(default_factory=dict)

    def add(self, score: Floats, assigned: Assignment, library: int) -> None:
        """Add one event: scores of the found jets, what they are, and the library of its pileup."""
        counts = ~assigned.ignored
        self.scores.append(score[counts])
        self.right.append(assigned.jet[counts] >= 0)
        self.libraries.append(np.full(int(counts.sum()), library, np.uint64))
        self.true[library] = self.true.get(library, 0) + assigned.true

    def at(self, efficiency: float) -> WorkingPoint | None:
        """The working point of an efficiency, interpolated between scores; None where it is never reached."""
        found = self.replicas(efficiency)
        if np.isnan(found[0]):
            return None
        order, right, _ = self._sorted()
        passed = int(np.searchsorted(np.cumsum(right), efficiency * sum(self.true.values())))
        scores = np.concatenate(self.scores)[order]
        return WorkingPoint(efficiency, float(found[0]), spread(found[1:]), float(scores[min(passed, scores.size - 1)]))

    def replicas(self, efficiency: float) -> Floats:
        """The share of fakes at an efficiency, which is the same in every replica; see `LibrarySums.replicas`.

        Returns:
            float64 [1 + replicas], NaN where the efficiency is not reached.
        """
        order, right, last = self._sorted()
        number = {key: index for index, key in enumerate(sorted(self.true))}
        true = np.array([self.true[key] for key in sorted(self.true)], np.float64)
        if not order.size:
            return np.full(len(samples(true.size)), np.nan)
        library = np.array([number[int(key)] for key in np.concatenate(self.libraries)])[order]
        found = [_fakes(right, drawn[library], last, efficiency * float(drawn @ true)) for drawn in samples(true.size)]
        return np.array([np.nan if each is None else each for each in found])

    def _sorted(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """The jets by falling score: their order, whether each is right, whether it is the last of its score."""
        scores = np.concatenate(self.scores) if self.scores else np.zeros(0)
        order = np.argsort(-scores, kind="stable")
        right = np.concatenate(self.right)[order] if self.right else np.zeros(0, bool)
        return order, right, np.append(np.diff(scores[order]) != 0, True)[: scores.size]


def _fakes(right: npt.NDArray[np.bool_], weight: Floats, last: npt.NDArray[np.bool_], wanted: float) -> float | None:
    """The share of fakes where the right jets add up to what is wanted."""
    hits = np.append(0.0, np.cumsum(right * weight)[last])
    fakes = np.append(0.0, np.cumsum(~right * weight)[last])
    if wanted > hits[-1] or wanted <= 0:
        return None
    index = int(np.searchsorted(hits, wanted))
    share = (wanted - hits[index - 1]) / (hits[index] - hits[index - 1])
    wrong = fakes[index - 1] + share * (fakes[index] - fakes[index - 1])
    return float(wrong / (wrong + wanted))
