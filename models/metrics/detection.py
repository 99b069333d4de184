"""How well jets are found: matching with the truth, efficiency, fakes, resolutions, average precision."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.grids.tower_geometry import box_overlap, turned
from models.metrics.jet_matching import Assignment, JetList, Truth, assign
from models.metrics.library_bootstrap import LibrarySums, ratio, spread
from models.metrics.response import ONE_SIGMA, Closure, closure, quantiles

Floats = npt.NDArray[np.float64]


def average_precision(score: npt.ArrayLike, right: npt.ArrayLike, there: int) -> float | None:
    """The area under precision against recall, precision made to fall monotonically.

    Source: Everingham et al. 2010, doi:10.1007/s11263-009-0275-4, section 4.2, with all points as since VOC 2010.
    Detections with equal scores count together.

    Args:
        score: [detections].
        right: bool [detections], whether each is a truth object that no surer one is.
        there: truth objects; None is returned where there are none.

    >>> average_precision([0.9, 0.8, 0.7], [True, False, True], 2).__round__(4)
    0.8333
    """
    if not there:
        return None
    scores = np.asarray(score, dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(np.asarray(right, dtype=np.float64)[order])
    last = np.append(np.diff(scores[order]) != 0, True)[: scores.size]
    hits, said = hits[last], (np.arange(scores.size) + 1)[last]
    recall, precision = hits / there, hits / said
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.append(0.0, recall)) * envelope))


@dataclass(frozen=True)
class Share:
    """A share of some jets.

    Attributes:
        value: it.
        error: √(p (1 − p) / n) with p = (k + 1) / (n + 2), which is not 0 where all or none of n are found.
        jets: n.
    """

    value: float
    error: float
    jets: int


def share(passed: int, jets: int) -> Share | None:
    """The share of `jets` that passed; None where there are none.

    >>> share(1, 2)
    Share(value=0.5, error=0.3535533905932738, jets=2)
    """
    if not jets:
        return None
    p = (passed + 1) / (jets + 2)
    return Share(passed / jets, math.sqrt(p * (1 - p) / jets), jets)


@dataclass(frozen=True)
class Detection:
    """The metrics of one way to find jets.

    Attributes:
        true, found, matched: jets: truth jets that are to be found, found ones, pairs.
        ignored: found jets that are neither right nor fake (`jet_matching.assign`).
        efficiency: matched / true.
        fakes: share of the found jets that are no truth jet, without the ignored ones.
        efficiency_error, fakes_error: from the bootstrap over libraries of pileup; None with fewer than two.
        pt_response, pt_resolution: median of found / true pT, and half its 68 % width over the median.
        eta_resolution, phi_resolution: half the 68 % width of found − true.
        average_precision: by IoU threshold of the boxes; None where there are no boxes.
        turn_on: efficiency in bins of the true pT, with its statistical error; None where there is no truth jet.
        closure: response of the pT of the pairs in the same bins.
    """

    true: int
    found: int
    ignored: int
    matched: int
    efficiency: float | None
    efficiency_error: float | None
    fakes: float | None
    fakes_error: float | None
    pt_response: float | None
    pt_resolution: float | None
    eta_resolution: float | None
    phi_resolution: float | None
    average_precision: dict[str, float | None]
    turn_on: tuple[Share | None, ...]
    closure: Closure

    def as_json(self) -> dict[str, Any]:
        """What `metrics.json` holds of it."""
        return asdict(self)


@dataclass
class DetectionSum:
    """Collects found and true jets of many events.

    Attributes:
        distance: largest distance of a match.
        eta_max: |η| up to which jets are to be found.
        edges: borders of the bins of true pT (GeV).
        overlaps: IoU thresholds of the average precision.
    """

    distance: float
    eta_max: float
    edges: tuple[float, ...]
    overlaps: tuple[float, ...] = (0.3, 0.5, 0.7)
    found: int = 0
    ignored: int = 0
    wanted: list[Floats] = field(default_factory=list)
    pairs: list[Floats] = field(default_factory=list)
    scores: dict[float, list[Floats]] = field(default_factory=dict)
    right: dict[float, list[npt.NDArray[np.bool_]]] = field(default_factory=dict)
    boxed: bool = True
    counts: LibrarySums = field(default_factory=LibrarySums)
    """By library: jets to be found, found ones that count, pairs."""

    def add(self, found: JetList, truth: Truth) -> Assignment:
        """Add one event; what its found jets are."""
        true = truth.wanted
        made = assign(found, truth, self.distance, self.eta_max)
        known = made.jet >= 0
        self.wanted.append(true.pt)
        self.found += len(found)
        self.ignored += int(made.ignored.sum())
        self.counts.add(truth.library, [len(true), len(found) - made.ignored.sum(), known.sum()])
        if known.any():
            jets = made.jet[known]
            self.pairs.append(
                np.stack(
                    [
                        found.pt[known],
                        true.pt[jets],
                        found.eta[known] - true.eta[jets],
                        turned(found.phi[known] - true.phi[jets]),
                    ],
                    axis=1,
                )
            )
        if np.isnan(found.box).any():
            self.boxed = False
        elif len(found):
            self._add_boxes(found, true, made.ignored)
        return made

    def _add_boxes(self, found: JetList, true: JetList, ignored: npt.NDArray[np.bool_]) -> None:
        overlap = box_overlap(found.box, true.box)
        for threshold in self.overlaps:
            left = overlap.copy()
            right = np.zeros(len(found), bool)
            for jet in np.argsort(-found.score, kind="stable"):
                if len(true) and left[jet].max() >= threshold:
                    right[jet] = True
                    left[:, left[jet].argmax()] = -1
            counts = right | ~ignored
            self.scores.setdefault(threshold, []).append(found.score[counts])
            self.right.setdefault(threshold, []).append(right[counts])

    def replicas(self) -> dict[str, Floats]:
        """`efficiency` and `fakes` of the events and of every replica of them, see `LibrarySums.replicas`."""
        return {
            "efficiency": self.counts.replicas(lambda sums: ratio(sums[[2, 0]])),
            "fakes": self.counts.replicas(lambda sums: ratio(np.array([sums[1] - sums[2], sums[1]]))),
        }

    def result(self) -> Detection:
        """The metrics of all events."""
        pairs = np.concatenate(self.pairs) if self.pairs else np.zeros((0, 4))
        wanted = np.concatenate(self.wanted) if self.wanted else np.zeros(0)
        counted = self.found - self.ignored
        pt = closure(pairs[:, 0], pairs[:, 1], self.edges)
        there, seen = (np.histogram(values, self.edges)[0] for values in (wanted, pairs[:, 1]))
        widths = [_width(pairs[:, i]) for i in (2, 3)]
        replicas = self.replicas()
        precision: dict[str, float | None] = {}
        if self.boxed:
            for threshold in self.overlaps:
                scores, right = self.scores.get(threshold, []), self.right.get(threshold, [])
                flags = np.concatenate(right) if right else np.zeros(0, bool)
                values = np.concatenate(scores) if scores else np.zeros(0)
                precision[str(threshold)] = average_precision(values, flags, wanted.size)
        return Detection(
            true=wanted.size,
            found=self.found,
            ignored=self.ignored,
            matched=len(pairs),
            efficiency=len(pairs) / wanted.size if wanted.size else None,
            efficiency_error=spread(replicas["efficiency"][1:]),
            fakes=1 - len(pairs) / counted if counted else None,
            fakes_error=spread(replicas["fakes"][1:]),
            pt_response=None if pt.whole is None else pt.whole.median,
            pt_resolution=None if pt.whole is None else pt.whole.resolution,
            eta_resolution=widths[0],
            phi_resolution=widths[1],
            average_precision=precision,
            turn_on=tuple(share(int(k), int(n)) for k, n in zip(seen, there, strict=True)),
            closure=pt,
        )


def _width(differences: Floats) -> float | None:
    if differences.size < 2:
        return None
    low, high = quantiles(differences, ONE_SIGMA)
    return float(high - low) / 2
