"""How well jets are found: matching with the truth, efficiency, fakes, resolutions, average precision."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.response import ONE_SIGMA, Closure, closure, quantiles
from models.tower_geometry import box_overlap, turned

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class JetList:
    """The jets of one event, found or true.

    Attributes:
        pt: float64 [jets] (GeV).
        eta, phi: float64 [jets].
        box: float64 [jets, 4], η min, η max, φ min, φ max; NaN where there is none.
        score: float64 [jets], larger is surer; the pT of jets that have none.
    """

    pt: Floats
    eta: Floats
    phi: Floats
    box: Floats
    score: Floats

    def __len__(self) -> int:
        return self.pt.size


def match(found: JetList, true: JetList, distance: float) -> npt.NDArray[np.int64]:
    """The truth jet of every found one, −1 for none: in the order of falling score, the nearest that is left.

    Args:
        found: jets.
        true: truth jets.
        distance: largest distance in η–φ.
    """
    apart = np.hypot(found.eta[:, np.newaxis] - true.eta, turned(found.phi[:, np.newaxis] - true.phi))
    chosen = np.full(len(found), -1, np.int64)
    for jet in np.argsort(-found.score, kind="stable"):
        if len(true) and apart[jet].min() <= distance:
            chosen[jet] = int(apart[jet].argmin())
            apart[:, chosen[jet]] = np.inf
    return chosen


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
        efficiency: matched / true.
        fakes: share of the found jets that are no truth jet; those of a truth jet too soft to be looked for are left
            out.
        pt_response, pt_resolution: median of found / true pT, and half its 68 % width over the median.
        eta_resolution, phi_resolution: half the 68 % width of found − true.
        average_precision: by IoU threshold of the boxes; None where there are no boxes.
        turn_on: efficiency in bins of the true pT, with its statistical error; None where there is no truth jet.
        closure: response of the pT of the pairs in the same bins.
    """

    true: int
    found: int
    matched: int
    efficiency: float | None
    fakes: float | None
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
        pt_min: pT (GeV) from which truth jets are to be found.
        edges: borders of the bins of true pT (GeV).
        overlaps: IoU thresholds of the average precision.
    """

    distance: float
    pt_min: float
    edges: tuple[float, ...]
    overlaps: tuple[float, ...] = (0.3, 0.5, 0.7)
    true: int = 0
    found: int = 0
    soft: int = 0
    wanted: list[Floats] = field(default_factory=list)
    pairs: list[Floats] = field(default_factory=list)
    scores: list[Floats] = field(default_factory=list)
    right: dict[float, list[npt.NDArray[np.bool_]]] = field(default_factory=dict)
    boxed: bool = True

    def add(self, found: JetList, true: JetList) -> None:
        """Add one event."""
        hard = true.pt >= self.pt_min
        self.true += int(hard.sum())
        self.wanted.append(true.pt[hard])
        chosen = match(found, true, self.distance)
        known = chosen >= 0
        counts = known & hard[chosen] if len(true) else known
        self.soft += int((known & ~counts).sum())
        self.found += len(found)
        if counts.any():
            jets = chosen[counts]
            self.pairs.append(
                np.stack(
                    [
                        found.pt[counts],
                        true.pt[jets],
                        found.eta[counts] - true.eta[jets],
                        turned(found.phi[counts] - true.phi[jets]),
                    ],
                    axis=1,
                )
            )
        if not len(found):
            return
        if np.isnan(found.box).any():
            self.boxed = False
            return
        targets = np.flatnonzero(hard)
        overlap = box_overlap(found.box, true.box[targets])
        ignored = known & ~counts
        self.scores.append(found.score[~ignored])
        for threshold in self.overlaps:
            left = overlap.copy()
            right = np.zeros(len(found), bool)
            for jet in np.argsort(-found.score, kind="stable"):
                if targets.size and left[jet].max() >= threshold:
                    right[jet] = True
                    left[:, left[jet].argmax()] = -1
            self.right.setdefault(threshold, []).append(right[~ignored])

    def result(self) -> Detection:
        """The metrics of all events."""
        pairs = np.concatenate(self.pairs) if self.pairs else np.zeros((0, 4))
        counted = self.found - self.soft
        pt = closure(pairs[:, 0], pairs[:, 1], self.edges)
        wanted = np.concatenate(self.wanted) if self.wanted else np.zeros(0)
        there, seen = (np.histogram(values, self.edges)[0] for values in (wanted, pairs[:, 1]))
        widths = [_width(pairs[:, i]) for i in (2, 3)]
        precision: dict[str, float | None] = {}
        if self.boxed:
            scores = np.concatenate(self.scores) if self.scores else np.zeros(0)
            for threshold in self.overlaps:
                right = self.right.get(threshold, [])
                flags = np.concatenate(right) if right else np.zeros(0, bool)
                precision[str(threshold)] = average_precision(scores, flags, self.true)
        return Detection(
            true=self.true,
            found=self.found,
            matched=len(pairs),
            efficiency=len(pairs) / self.true if self.true else None,
            fakes=1 - len(pairs) / counted if counted else None,
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
