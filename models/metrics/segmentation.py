"""The performance of segmentation: intersection over union by class, panoptic quality; numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

_VOID = 0.5
"""A predicted segment with a larger share of void is not counted as false: the threshold of a match is one half."""


@dataclass(frozen=True)
class Segmentation:
    """Metrics by class of semantic segmentation (Long, Shelhamer and Darrell 2015, arXiv:1411.4038, section 5).

    Attributes:
        iou: intersection over union of a class, TP / (TP + FP + FN); None where it is neither in truth nor predicted.
        mean_iou: the plain mean of those that are not None.
        accuracy: share of all pixels with the correct class.
        mean_accuracy: the plain mean of TP / (TP + FN) over the classes in truth.
        weighted_iou: mean of `iou` weighted by the true pixels of a class.
    """

    iou: dict[str, float | None]
    mean_iou: float | None
    accuracy: float | None
    mean_accuracy: float | None
    weighted_iou: float | None

    def as_json(self) -> dict[str, Any]:
        """Its content of `metrics.json`."""
        return asdict(self)


def confusion(true: npt.ArrayLike, predicted: npt.ArrayLike, classes: int) -> Counts:
    """Pixels, int64 [true class, predicted class]; those whose true class is none of the classes are left out.

    >>> confusion([0, 0, 1, 2], [0, 1, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    predicted_class, true_class = (np.asarray(image, dtype=np.int64).ravel() for image in (predicted, true))
    index = (true_class * classes + predicted_class)[true_class < classes]
    return np.bincount(index, minlength=classes**2).astype(np.int64).reshape(classes, classes)


def segmentation(counts: npt.ArrayLike, names: Sequence[str]) -> Segmentation:
    """The metrics of a confusion matrix [true class, predicted class].

    >>> segmentation([[3, 1], [0, 0]], ["a", "b"]).iou
    {'a': 0.75, 'b': 0.0}
    """
    matrix = np.asarray(counts, dtype=np.int64)
    correct, true, predicted = np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    union = true + predicted - correct
    iou = [int(r) / int(u) if u else None for r, u in zip(correct, union, strict=True)]
    accuracy = [int(r) / int(t) for r, t in zip(correct, true, strict=True) if t]
    defined = [value for value in iou if value is not None]
    total = int(true.sum())
    weighted = sum(int(t) * value for t, value in zip(true, iou, strict=True) if value is not None)
    return Segmentation(
        iou=dict(zip(names, iou, strict=True)),
        mean_iou=sum(defined) / len(defined) if defined else None,
        accuracy=int(correct.sum()) / total if total else None,
        mean_accuracy=sum(accuracy) / len(accuracy) if accuracy else None,
        weighted_iou=weighted / total if total else None,
    )


@dataclass(frozen=True)
class Panoptic:
    """Panoptic quality (Kirillov et al. 2019, arXiv:1801.00868, section 4): PQ = SQ · RQ.

    Attributes:
        pq: Σ IoU over matched segments / (TP + FP/2 + FN/2); None where there is no segment at all.
        sq: mean IoU of the matched segments; 0 without any.
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
        """Its content of `metrics.json`."""
        return asdict(self)


@dataclass
class PanopticSum:
    """Collects the segments of many images; segments match where their IoU is above one half, as only one pair can."""

    iou: float = 0.0
    matched: int = 0
    false: int = 0
    missed: int = 0

    def add(
        self,
        true: npt.NDArray[np.integer[Any]],
        predicted: npt.NDArray[np.integer[Any]],
        void: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[float, int, int, int]:
        """Add the segments of one class in one image.

        Pixels of unknown class are void (section 4.2 of the paper): they are removed from every predicted segment
        before it is matched, and an unmatched one is not counted if more than half of it is void.

        Args:
            true: number of the segment of every pixel, 0 where there is none.
            predicted: likewise, with independent numbers.
            void: the pixels whose class is unknown; default none.

        Returns:
            of this image: Σ IoU of matched segments, and the numbers of matched, false and missed ones.
        """
        segment = np.ravel(predicted).astype(np.int64)
        base = int(segment.max(initial=0)) + 1
        unknown = np.zeros(segment.size, bool) if void is None else np.ravel(void)
        whole = np.bincount(segment, minlength=base)
        true, segment = np.ravel(true)[~unknown], segment[~unknown]
        void_share = 1 - np.bincount(segment, minlength=base) / np.maximum(whole, 1)
        codes, shared = np.unique(np.ravel(true).astype(np.int64) * base + segment, return_counts=True)
        pairs = [divmod(code, base) for code in codes.tolist()]
        area_true: dict[int, int] = {}
        area_found: dict[int, int] = {}
        for (t, f), n in zip(pairs, shared.tolist(), strict=True):
            area_true[t] = area_true.get(t, 0) + n
            area_found[f] = area_found.get(f, 0) + n
        iou, matched = 0.0, 0
        paired: set[int] = set()
        for (t, f), n in zip(pairs, shared.tolist(), strict=True):
            if t and f:
                union = area_true[t] + area_found[f] - n
                if 2 * n > union:
                    matched += 1
                    paired.add(f)
                    iou += n / union
        missed = len(area_true.keys() - {0}) - matched
        # an entirely void segment has a share of 1 and is in no pair
        false = sum(1 for f in area_found.keys() - paired - {0} if void_share[f] <= _VOID)
        self.iou, self.matched = self.iou + iou, self.matched + matched
        self.false, self.missed = self.false + false, self.missed + missed
        return iou, matched, false, missed

    def result(self) -> Panoptic:
        """The quality of all added images."""
        return quality(self.iou, self.matched, self.false, self.missed)


def quality(iou: float, matched: float, false: float, missed: float) -> Panoptic:
    """PQ, SQ and RQ from Σ IoU of the matched segments and the numbers of segments.

    >>> quality(1.5, 2, 2, 0).pq
    0.5
    """
    weight = matched + (false + missed) / 2
    if not weight:
        return Panoptic(None, None, None, 0, 0, 0)
    sq = iou / matched if matched else 0.0
    return Panoptic(iou / weight, sq, matched / weight, int(matched), int(false), int(missed))


def mean_quality(qualities: Iterable[Panoptic]) -> float | None:
    """The plain mean of PQ over classes that have segments."""
    values = [panoptic.pq for panoptic in qualities if panoptic.pq is not None]
    return sum(values) / len(values) if values else None
