"""The result of the mass closure: the shift of the mass by class, |η| and ΔR, and how norms change the mass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.closure.variants import NORMS, Variant
from data_prep.readers.float_warnings import without_float_warnings

Float64 = npt.NDArray[np.float64]

ABS_ETA_EDGES = np.array([0, 0.5, 1, 1.5, 2, 2.5, np.inf])
"""Bins in |η| of the jet axis."""
DELTA_R_EDGES = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.6, np.inf])
"""Bins in ΔR of the two exclusive kT subjets."""
RATIO_EDGES = np.linspace(0, 2, 2001)
"""Bins of the ratio of two masses; larger ratios count in the last one."""


@dataclass(frozen=True)
class Shift:
    """How a mass differs from that of the constituents, over some jets.

    Attributes:
        weight: sum of the jets' weights.
        mean: of the difference (GeV).
        mean_error: statistical error of the mean (GeV).
        rms: the difference's standard deviation (GeV), that is its RMS about the mean.
    """

    weight: float
    mean: float
    mean_error: float
    rms: float

    @classmethod
    def of(cls, moments: Float64) -> Shift | None:
        """From sums [4] of weights, weights squared, weighted differences and squares; None without jets."""
        weight, squared, difference, square = (float(value) for value in moments)
        if not weight > 0:
            return None
        mean = difference / weight
        rms = float(np.sqrt(max(square / weight - mean**2, 0)))
        return cls(weight, mean, rms * float(np.sqrt(squared)) / weight, rms)


@dataclass(frozen=True)
class MassClosureSums:
    """The sums over all jets.

    Attributes:
        classes: names, in the order of the labels.
        variants: the variants that were compared; the last one is that of the configuration.
        jets: int64 [classes], the jets that were compared.
        moments: float64 [variants, classes, |η| bins, ΔR bins, 4]: sums of weights, of their squares, of differences
            and of their squares (GeV, GeV²).
        imaged: int64 [variants, classes], jets that have an image.
        largest: float64 [variants, classes], the largest relative difference of jets above 1 GeV.
        norms: float64 [norms, 2, classes, 6]: sums of w, wx, wy, wx², wy², wxy of x, the mass of the normalised image
            itself, and y, the mass (GeV) or the mass over Σ pT of the constituents.
        ratio: float64 [classes, |η| bins, ratio bins], the lecture notes' mass over the mass.
    """

    classes: tuple[str, ...]
    variants: tuple[Variant, ...]
    jets: npt.NDArray[np.int64]
    moments: Float64
    imaged: npt.NDArray[np.int64]
    largest: Float64
    norms: Float64
    ratio: Float64

    def by_class(self, variant: int, label: int) -> Shift | None:
        """The shift of one variant for one class."""
        return Shift.of(self.moments[variant, label].sum(axis=(0, 1)))

    def by_abs_eta(self, variant: int, label: int) -> list[Shift | None]:
        """The same in every bin of |η|."""
        return [Shift.of(moments) for moments in self.moments[variant, label].sum(axis=1)]

    def by_delta_r(self, variant: int, label: int) -> list[Shift | None]:
        """The same in every bin of ΔR."""
        return [Shift.of(moments) for moments in self.moments[variant, label].sum(axis=0)]

    @without_float_warnings
    def correlation(self, norm: int, over_pt: bool, label: int) -> float | None:
        """Pearson's correlation of the mass of normalised images with the mass, or with the mass over Σ pT."""
        w, x, y, xx, yy, xy = self.norms[norm, int(over_pt), label]
        if not w > 0:
            return None
        spread = (xx / w - (x / w) ** 2) * (yy / w - (y / w) ** 2)
        return float((xy / w - x * y / w**2) / np.sqrt(spread)) if spread > 0 else None

    def median_ratio(self, labels: Sequence[int], abs_eta: int | None = None) -> float | None:
        """Median of the lecture notes' mass over the mass, of some classes, in one bin of |η| or in all."""
        histogram = self.ratio[list(labels)].sum(axis=0)
        counts = histogram.sum(axis=0) if abs_eta is None else histogram[abs_eta]
        total = np.append(0.0, np.cumsum(counts))
        return float(np.interp(total[-1] / 2, total, RATIO_EDGES)) if total[-1] > 0 else None

    def to_json(self) -> dict[str, Any]:
        """Content of the JSON file: docs/data_flow.md, `25_mass_closure/`."""
        labels = dict(enumerate(self.classes))
        variants = [
            {
                **variant.to_json(),
                "by_class": {
                    name: {
                        **_shift(self.by_class(index, label)),
                        "without_image": int(self.jets[label] - self.imaged[index, label]),
                        "largest_relative": float(self.largest[index, label]),
                    }
                    for label, name in labels.items()
                },
                "by_abs_eta": {
                    name: [_shift(shift) for shift in self.by_abs_eta(index, label)] for label, name in labels.items()
                },
                "by_delta_r": {
                    name: [_shift(shift) for shift in self.by_delta_r(index, label)] for label, name in labels.items()
                },
            }
            for index, variant in enumerate(self.variants)
        ]
        norms = {
            norm: {
                name: {
                    "with_mass": self.correlation(index, over_pt=False, label=label),
                    "with_mass_over_pt": self.correlation(index, over_pt=True, label=label),
                }
                for label, name in labels.items()
            }
            for index, norm in enumerate(NORMS)
        }
        all_labels = list(labels)
        ratio = {
            "all": self.median_ratio(all_labels),
            "by_class": {name: self.median_ratio([label]) for label, name in labels.items()},
            "by_abs_eta": [self.median_ratio(all_labels, abs_eta_bin) for abs_eta_bin in range(ABS_ETA_EDGES.size - 1)],
        }
        return {
            "jets": {name: int(self.jets[label]) for label, name in labels.items()},
            "abs_eta_edges": _edges(ABS_ETA_EDGES),
            "delta_r_edges": _edges(DELTA_R_EDGES),
            "variants": variants,
            "norms": norms,
            "lecture_notes_over_mass": ratio,
        }


def _shift(shift: Shift | None) -> dict[str, float | None]:
    return dict.fromkeys(Shift.__dataclass_fields__) if shift is None else asdict(shift)


def _edges(edges: Float64) -> list[float | None]:
    """The borders of bins; JSON has no infinity."""
    return [float(edge) if np.isfinite(edge) else None for edge in edges]
