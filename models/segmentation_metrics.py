"""How well images are segmented: intersection over union by class, panoptic quality; numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Segmentation:
    """Metrics by class of semantic segmentation (Long, Shelhamer and Darrell 2015, arXiv:1411.4038, section 5).

    Attributes:
        iou: intersection over union of a class, TP / (TP + FP + FN); None where it is neither there nor found.
        mean_iou: the plain mean of those that are not None.
        accuracy: share of all pixels that have the right class.
        mean_accuracy: the plain mean over classes of TP / (TP + FN), over those that are there.
        weighted_iou: mean of `iou` weighted by how often a class is there.
    """

    iou: dict[str, float | None]
    mean_iou: float | None
    accuracy: float | None
    mean_accuracy: float | None
    weighted_iou: float | None

    def as_json(self) -> dict[str, Any]:
        """What `metrics.json` holds of it."""
        return asdict(self)


def confusion(true: npt.ArrayLike, found: npt.ArrayLike, classes: int) -> Counts:
    """Pixels, int64 [true class, found class].

    >>> confusion([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    index = np.asarray(true, dtype=np.int64).ravel() * classes + np.asarray(found, dtype=np.int64).ravel()
    return np.bincount(index, minlength=classes**2).astype(np.int64).reshape(classes, classes)


def segmentation(counts: npt.ArrayLike, names: Sequence[str]) -> Segmentation:
    """The metrics of a confusion matrix [true class, found class].

    >>> segmentation([[3, 1], [0, 0]], ["a", "b"]).iou
    {'a': 0.75, 'b': 0.0}
    """
    matrix = np.asarray(counts, dtype=np.int64)
    right, there, said = np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    union = there + said - right
    iou = [int(r) / int(u) if u else None for r, u in zip(right, union, strict=True)]
    accuracy = [int(r) / int(t) for r, t in zip(right, there, strict=True) if t]
    known = [value for value in iou if value is not None]
    total = int(there.sum())
    weighted = sum(int(t) * value for t, value in zip(there, iou, strict=True) if value is not None)
    return Segmentation(
        iou=dict(zip(names, iou, strict=True)),
        mean_iou=sum(known) / len(known) if known else None,
        accuracy=int(right.sum()) / total if total else None,
        mean_accuracy=sum(accuracy) / len(accuracy) if accuracy else None,
        weighted_iou=weighted / total if total else None,
    )


@dataclass(frozen=True)
class Panoptic:
    """Panoptic quality (Kirillov et al. 2019, arXiv:1801.00868, section 4): PQ = SQ · RQ.

    Attributes:
        pq: Σ IoU over matched segments / (TP + FP/2 + FN/2); None where there is no segment at all.
        sq: mean IoU of the matched segments; 0 where none is.
        rq: TP / (TP + FP/2 + FN/2), the F1 score.
        matched, false, missed: segments: TP, FP, FN.
    """

    pq: float | None
    sq: float | None
    rq: float | None
    matched: int
    false: int
    missed: int

    def as_json(self) -> dict[str, Any]:
        """What `metrics.json` holds of it."""
        return asdict(self)


@dataclass
class PanopticSum:
    """Collects the segments of many images; segments match where their IoU is above one half, as only one pair can."""

    iou: float = 0.0
    matched: int = 0
    false: int = 0
    missed: int = 0

    def add(self, true: npt.NDArray[np.integer[Any]], found: npt.NDArray[np.integer[Any]]) -> None:
        """Add the segments of one class in one image.

        Args:
            true: number of the segment of every pixel, 0 where there is none.
            found: likewise, with numbers of its own.
        """
        said = np.ravel(found).astype(np.int64)
        base = int(said.max(initial=0)) + 1
        codes, shared = np.unique(np.ravel(true).astype(np.int64) * base + said, return_counts=True)
        pairs = [divmod(code, base) for code in codes.tolist()]
        area_true: dict[int, int] = {}
        area_found: dict[int, int] = {}
        for (t, f), n in zip(pairs, shared.tolist(), strict=True):
            area_true[t] = area_true.get(t, 0) + n
            area_found[f] = area_found.get(f, 0) + n
        matched = 0
        for (t, f), n in zip(pairs, shared.tolist(), strict=True):
            if t and f:
                union = area_true[t] + area_found[f] - n
                if 2 * n > union:
                    matched += 1
                    self.iou += n / union
        self.matched += matched
        self.missed += len(area_true.keys() - {0}) - matched
        self.false += len(area_found.keys() - {0}) - matched

    def result(self) -> Panoptic:
        """The quality of all that was added."""
        weight = self.matched + (self.false + self.missed) / 2
        if not weight:
            return Panoptic(None, None, None, 0, 0, 0)
        sq = self.iou / self.matched if self.matched else 0.0
        return Panoptic(self.iou / weight, sq, self.matched / weight, self.matched, self.false, self.missed)


def mean_quality(found: Iterable[Panoptic]) -> float | None:
    """The plain mean of PQ over classes that have segments."""
    values = [each.pq for each in found if each.pq is not None]
    return sum(values) / len(values) if values else None
