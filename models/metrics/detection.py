"""The performance of jet finding: efficiency, fakes, resolutions, average precision."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.grids.tower_geometry import box_overlap, turned
from models.metrics.jet_matching import Assignment, JetList, Truth, assign
from models.metrics.library_bootstrap import LibrarySums, ratio, spread
from models.metrics.response import ONE_SIGMA, BinnedResponse, binned_response, quantiles

Floats = npt.NDArray[np.float64]


def average_precision(score: npt.ArrayLike, correct: npt.ArrayLike, objects: int) -> float | None:
    """The area under the curve of precision against recall, after precision is made monotonic.

    Source: Everingham et al. 2010, doi:10.1007/s11263-009-0275-4, section 4.2, with all points as since VOC 2010.
    Detections with equal scores count together.

    Args:
        score: [detections].
        correct: bool [detections], whether each is a truth object that no detection of higher score is.
        objects: number of truth objects; None is returned where there are none.

    >>> average_precision([0.9, 0.8, 0.7], [True, False, True], 2).__round__(4)
    0.8333
    """
    if not objects:
        return None
    scores = np.asarray(score, dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(np.asarray(correct, dtype=np.float64)[order])
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)[: scores.size]
    hits, detections = hits[last_of_tie], (np.arange(scores.size) + 1)[last_of_tie]
    recall, precision = hits / objects, hits / detections
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.append(0.0, recall)) * envelope))


@dataclass(frozen=True)
class JetShare:
    """The share k / n of jets that pass.

    Attributes:
        value: k / n.
        error: √(p (1 − p) / n) with p = (k + 1) / (n + 2), which is not 0 where all or none of n pass.
        jets: n.
    """

    value: float
    error: float
    jets: int


def jet_share(passed: int, jets: int) -> JetShare | None:
    """The share of `jets` that passed; None without jets.

    >>> jet_share(1, 2)
    JetShare(value=0.5, error=0.3535533905932738, jets=2)
    """
    if not jets:
        return None
    p = (passed + 1) / (jets + 2)
    return JetShare(passed / jets, math.sqrt(p * (1 - p) / jets), jets)


@dataclass(frozen=True)
class Detection:
    """The metrics of one method of jet finding.

    Attributes:
        true, found, matched: numbers of truth jets that should be found, of found jets, of matched pairs.
        ignored: found jets that count neither as correct nor as fake (`jet_matching.assign`).
        efficiency: matched / true.
        fakes: share of the found jets, without the ignored ones, that are no truth jet.
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
    turn_on: tuple[JetShare | None, ...]
    closure: BinnedResponse

    def as_json(self) -> dict[str, Any]:
        """Its content of `metrics.json`."""
        return asdict(self)


@dataclass
class DetectionSum:
    """Collects found and true jets of many events.

    Attributes:
        distance: largest distance of a match.
        eta_max: |η| up to which jets should be found.
        edges: borders of the bins of true pT (GeV).
        overlaps: IoU thresholds of the average precision.
    """

    distance: float
    eta_max: float
    edges: tuple[float, ...]
    overlaps: tuple[float, ...] = (0.3, 0.5, 0.7)
    reconstructed: int = 0
    ignored: int = 0
    true_pt: list[Floats] = field(default_factory=list)
    pairs: list[Floats] = field(default_factory=list)
    scores: dict[float, list[Floats]] = field(default_factory=dict)
    correct: dict[float, list[npt.NDArray[np.bool_]]] = field(default_factory=dict)
    boxed: bool = True
    counts: LibrarySums = field(default_factory=LibrarySums)
    """By library: truth jets that should be found, found jets that are not ignored, pairs."""

    def add(self, jets: JetList, truth: Truth) -> Assignment:
        """Add one event with its found jets; returns what they are."""
        targets = truth.targets
        assignment = assign(jets, truth, self.distance, self.eta_max)
        matched = assignment.jet >= 0
        self.true_pt.append(targets.pt)
        self.reconstructed += len(jets)
        self.ignored += int(assignment.ignored.sum())
        self.counts.add(truth.library, [len(targets), len(jets) - assignment.ignored.sum(), matched.sum()])
        if matched.any():
            indices = assignment.jet[matched]
            self.pairs.append(
                np.stack(
                    [
                        jets.pt[matched],
                        targets.pt[indices],
                        jets.eta[matched] - targets.eta[indices],
                        turned(jets.phi[matched] - targets.phi[indices]),
                    ],
                    axis=1,
                )
            )
        if np.isnan(jets.box).any():
            self.boxed = False
        elif len(jets):
            self._add_boxes(jets, targets, assignment.ignored)
        return assignment

    def _add_boxes(self, jets: JetList, targets: JetList, ignored: npt.NDArray[np.bool_]) -> None:
        overlap = box_overlap(jets.box, targets.box)
        for threshold in self.overlaps:
            remaining = overlap.copy()
            correct = np.zeros(len(jets), bool)
            for jet in np.argsort(-jets.score, kind="stable"):
                if len(targets) and remaining[jet].max() >= threshold:
                    correct[jet] = True
                    remaining[:, remaining[jet].argmax()] = -1
            counts = correct | ~ignored
            self.scores.setdefault(threshold, []).append(jets.score[counts])
            self.correct.setdefault(threshold, []).append(correct[counts])

    def replicas(self) -> dict[str, Floats]:
        """`efficiency` and `fakes` on the events and on every replica of them, see `LibrarySums.replicas`."""
        return {
            "efficiency": self.counts.replicas(lambda sums: ratio(sums[[2, 0]])),
            "fakes": self.counts.replicas(lambda sums: ratio(np.array([sums[1] - sums[2], sums[1]]))),
        }

    def result(self) -> Detection:
        """The metrics of all events."""
        pairs = np.concatenate(self.pairs) if self.pairs else np.zeros((0, 4))
        true_pt = np.concatenate(self.true_pt) if self.true_pt else np.zeros(0)
        reconstructed = self.reconstructed - self.ignored
        pt = binned_response(pairs[:, 0], pairs[:, 1], self.edges)
        targets, matched = (np.histogram(values, self.edges)[0] for values in (true_pt, pairs[:, 1]))
        widths = [_width(pairs[:, i]) for i in (2, 3)]
        replicas = self.replicas()
        precision: dict[str, float | None] = {}
        if self.boxed:
            for threshold in self.overlaps:
                scores, correct = self.scores.get(threshold, []), self.correct.get(threshold, [])
                flags = np.concatenate(correct) if correct else np.zeros(0, bool)
                values = np.concatenate(scores) if scores else np.zeros(0)
                precision[str(threshold)] = average_precision(values, flags, true_pt.size)
        return Detection(
            true=true_pt.size,
            found=self.reconstructed,
            ignored=self.ignored,
            matched=len(pairs),
            efficiency=len(pairs) / true_pt.size if true_pt.size else None,
            efficiency_error=spread(replicas["efficiency"][1:]),
            fakes=1 - len(pairs) / reconstructed if reconstructed else None,
            fakes_error=spread(replicas["fakes"][1:]),
            pt_response=None if pt.whole is None else pt.whole.median,
            pt_resolution=None if pt.whole is None else pt.whole.resolution,
            eta_resolution=widths[0],
            phi_resolution=widths[1],
            average_precision=precision,
            turn_on=tuple(jet_share(int(k), int(n)) for k, n in zip(matched, targets, strict=True)),
            closure=pt,
        )


def _width(differences: Floats) -> float | None:
    if differences.size < 2:
        return None
    low, high = quantiles(differences, ONE_SIGMA)
    return float(high - low) / 2
