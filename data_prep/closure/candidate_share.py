"""The share of a jet's pT and of its mass that its hardest candidates hold, by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.jets.candidates import Candidates, CandidateSettings
from data_prep.jets.chunk import JetChunk
from data_prep.jets.mass import massless_mass

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

BINS = 1200
"""Bins of a share, 0.001 wide, from 0 on; shares of 1.2 and more count in the last bin (rounding may exceed 1)."""
_STEP = 0.001


@dataclass(frozen=True)
class HeldShare:
    """The share of a quantity that the candidates of jets hold.

    Attributes:
        mean: over the jets.
        low, median, high: the quantiles 0.16, 0.5 and 0.84, to half a bin of 0.001.
    """

    mean: float
    low: float
    median: float
    high: float


class CandidateShares:
    """Histograms of the shares, filled jet by jet; memory does not grow with the number of jets.

    Args:
        classes: names of the classes.
        numbers: the numbers of candidates that are compared, ascending.
    """

    def __init__(self, classes: Sequence[str], numbers: Sequence[int]) -> None:
        self._classes, self._numbers = tuple(classes), tuple(numbers)
        self._counts = np.zeros((2, len(numbers), len(classes), BINS))
        self._sums = np.zeros((2, len(numbers), len(classes)))

    def add(
        self, chunk: JetChunk, rows: npt.NDArray[np.int64], candidates: Candidates, settings: CandidateSettings
    ) -> None:
        """Add jets of a chunk.

        Args:
            chunk: the jets with all their constituents.
            rows: int64, the jets that are added.
            candidates: of all jets of the chunk, at least as many as the largest of `numbers`, the hardest first.
            settings: number format of the candidates.
        """
        mass_of_all = massless_mass(*_constituents_and_axes(chunk)).astype(np.float64)
        totals = _sums(chunk.offsets, chunk.pt)[rows], mass_of_all[rows]
        label, weight = chunk.label[rows], chunk.weight[rows].astype(np.float64)
        for case, number in enumerate(self._numbers):
            pt, mass = pt_and_mass(candidates, number, settings)
            for quantity, (held, total) in enumerate(zip((pt[rows], mass[rows]), totals, strict=True)):
                share = np.where(total > 0, held / np.where(total > 0, total, 1), 1)
                index = np.minimum(share / _STEP, BINS - 1).astype(np.int64)
                np.add.at(self._counts[quantity, case], (label, index), weight)
                np.add.at(self._sums[quantity, case], label, weight * share)

    def result(self) -> dict[int, dict[str, dict[str, HeldShare]]]:
        """By number of candidates, by `pt` and `mass`, by class; classes without jets are left out."""
        return {
            number: {
                quantity: {
                    name: _share(self._counts[q, case, c], self._sums[q, case, c])
                    for c, name in enumerate(self._classes)
                    if self._counts[q, case, c].sum() > 0
                }
                for q, quantity in enumerate(("pt", "mass"))
            }
            for case, number in enumerate(self._numbers)
        }

    def as_json(self) -> dict[str, Any]:
        """`result` as it is written to a JSON file."""
        return {
            str(number): {
                quantity: {name: asdict(share) for name, share in by_class.items()}
                for quantity, by_class in of_number.items()
            }
            for number, of_number in self.result().items()
        }


def pt_and_mass(candidates: Candidates, number: int, settings: CandidateSettings) -> tuple[Float64, Float64]:
    """Sum of pT and mass of the first candidates of each jet, taken as massless: two float64 [jets], GeV."""
    unit = np.pi / settings.per_pi
    pt = (candidates.pt[:, :number] * settings.pt.type.step).astype(np.float32)
    eta, phi = ((angle[:, :number] * unit).astype(np.float32) for angle in (candidates.eta, candidates.phi))
    offsets = np.arange(len(candidates) + 1, dtype=np.int64) * pt.shape[1]
    seeds = ((seed * unit).astype(np.float32) for seed in (candidates.seed_eta, candidates.seed_phi))
    mass = massless_mass(offsets, pt.ravel(), eta.ravel(), phi.ravel(), *seeds)
    return pt.sum(axis=1, dtype=np.float64), mass.astype(np.float64)


def _constituents_and_axes(
    chunk: JetChunk,
) -> tuple[npt.NDArray[np.int64], Float32, Float32, Float32, Float32, Float32]:
    return chunk.offsets, chunk.pt, chunk.eta, chunk.phi, chunk.jet_eta, chunk.jet_phi


def _sums(offsets: npt.NDArray[np.int64], values: Float32) -> Float64:
    """The sum of each jet's values."""
    total = np.append(0.0, np.cumsum(values, dtype=np.float64))
    sums: Float64 = total[offsets[1:]] - total[offsets[:-1]]
    return sums


def _share(counts: Float64, total: float) -> HeldShare:
    cumulative = np.cumsum(counts) / counts.sum()
    low, median, high = ((float(np.searchsorted(cumulative, q)) + 0.5) * _STEP for q in (0.16, 0.5, 0.84))
    return HeldShare(float(total / counts.sum()), low, median, high)
