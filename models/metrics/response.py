"""Response and resolution of an estimated quantity of jets, in bins of its true value."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ONE_SIGMA = (0.15865525393145707, 0.8413447460685429)
"""The quantiles of a normal distribution one standard deviation below and above its mean."""
_MEDIAN_ERROR = math.sqrt(math.pi / 2)


@dataclass(frozen=True)
class Response:
    """The distribution of estimate / truth.

    Attributes:
        jets: their number.
        median: of the response; 1 is closure.
        error: statistical error of the median, that of a normal distribution, √(π/2) σ / √jets.
        resolution: half of the distance between the quantiles at 16 % and 84 %, divided by the median.
    """

    jets: int
    median: float
    error: float
    resolution: float


@dataclass(frozen=True)
class BinnedResponse:
    """The response of one method, of all jets and in bins of the true value.

    Attributes:
        whole: that of all jets.
        edges: borders of the bins of the true value.
        bins: that of the jets in each bin; None where there are fewer than two.
    """

    whole: Response | None
    edges: tuple[float, ...]
    bins: tuple[Response | None, ...]

    def as_json(self) -> dict[str, Any]:
        """Its content of `metrics.json`."""
        return asdict(self)


def quantiles(values: npt.ArrayLike, shares: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Floats:
    """Weighted quantiles: linear in the cumulated weight, each value at the middle of its own weight.

    >>> quantiles([1.0, 2.0, 3.0], [0.5]).tolist()
    [2.0]
    >>> quantiles([1.0, 3.0], [0.5], [3.0, 1.0]).tolist()
    [1.5]
    """
    order = np.argsort(values, kind="stable")
    sorted_values = np.asarray(values, dtype=np.float64)[order]
    weights = np.ones(sorted_values.size) if weight is None else np.asarray(weight, dtype=np.float64)[order]
    positions = (np.cumsum(weights) - weights / 2) / weights.sum()
    interpolated: Floats = np.interp(np.asarray(shares, dtype=np.float64), positions, sorted_values)
    return interpolated


def response(estimate: npt.ArrayLike, true: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Response | None:
    """The response of some jets; None where fewer than two can be used (true value above 0, weight above 0).

    >>> response([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]).median
    1.0
    """
    truth = np.asarray(true, dtype=np.float64)
    weights = np.ones(truth.size) if weight is None else np.asarray(weight, dtype=np.float64)
    usable = (truth > 0) & (weights > 0) & np.isfinite(truth)
    if usable.sum() < 2:
        return None
    ratio = np.asarray(estimate, dtype=np.float64)[usable] / truth[usable]
    low, median, high = quantiles(ratio, [ONE_SIGMA[0], 0.5, ONE_SIGMA[1]], weights[usable])
    jets = int(usable.sum())
    sigma = float(high - low) / 2
    resolution = sigma / float(median) if median > 0 else math.inf
    return Response(jets, float(median), _MEDIAN_ERROR * sigma / math.sqrt(jets), min(resolution, 1e9))


def binned_response(
    estimate: npt.ArrayLike, true: npt.ArrayLike, edges: tuple[float, ...], weight: npt.ArrayLike | None = None
) -> BinnedResponse:
    """The response of all jets and in bins of the truth; the lower border of a bin belongs to it.

    Args:
        estimate: [jets].
        true: [jets], the same unit.
        edges: ascending borders of the bins.
        weight: [jets], not negative.
    """
    truth, values = np.asarray(true, dtype=np.float64), np.asarray(estimate, dtype=np.float64)
    weights = np.ones(truth.size) if weight is None else np.asarray(weight, dtype=np.float64)
    index = np.searchsorted(edges, truth, side="right") - 1
    bins = tuple(response(values[index == i], truth[index == i], weights[index == i]) for i in range(len(edges) - 1))
    return BinnedResponse(response(values, truth, weights), tuple(edges), bins)


def calibrated(estimate: npt.ArrayLike, true: npt.ArrayLike) -> Floats:
    """The estimate, calibrated by inversion of its straight-line fit against the truth (numerical inversion).

    A constant that is added to every jet, as by pileup, makes relative widths small without information on the jet;
    after the calibration, methods with and without it can be compared. The fit is by least squares.

    Args:
        estimate: [jets].
        true: [jets], the same unit.

    Returns:
        float64 [jets]; unchanged where the estimate does not grow with the truth.

    >>> calibrated([120.0, 140.0, 160.0], [10.0, 20.0, 30.0]).round(9).tolist()
    [10.0, 20.0, 30.0]
    """
    values, truth = np.asarray(estimate, dtype=np.float64), np.asarray(true, dtype=np.float64)
    centred = truth - truth.mean() if truth.size else truth
    spread = float((centred**2).sum())
    slope = float((centred * values).sum()) / spread if spread > 0 else 0.0
    return (values - values.mean()) / slope + truth.mean() if slope > 0 else values
