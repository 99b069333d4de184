"""Pileup mitigation with tracks, without learning: PUPPI on towers, and a fixed kernel.

Both ask how much of the hard vertex's tracks lies around a tower. Tracks have the place of their tower, and half a
tower's width is the least distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.grids.tower_geometry import Towers

Floats = npt.NDArray[np.float64]

RADIUS = 0.3
"""R₀ of PUPPI, and of the kernel: 3.4 towers of 0.087."""
LEAST_WEIGHT = 0.1
"""w_cut of PUPPI: smaller weights are 0."""


def around(tracks: Floats, towers: Towers, power: float, unit: float = 1.0) -> Floats:
    """Σ pT / (ΔR / unit)^power of the tracks within `RADIUS` of every tower, float64 [events, rows, columns].

    Args:
        tracks: float64 [events, rows, columns], Σ pT of the tracks in each tower (GeV).
        towers: where they lie; φ is periodic.
        power: of the distance.
        unit: of the distance (rad).
    """
    total = np.zeros_like(tracks, dtype=np.float64)
    least = towers.step / 2
    up, across = (max(0, int(RADIUS / size)) for size in (towers.tall, towers.step))
    rows = tracks.shape[1]
    for down in range(-min(up, rows - 1), min(up, rows - 1) + 1):
        for right in range(-across, across + 1):
            distance = math.hypot(down * towers.tall, right * towers.step)
            if distance <= RADIUS:
                turned = np.roll(tracks, right, axis=2)
                here, there = slice(max(down, 0), rows + min(down, 0)), slice(max(-down, 0), rows + min(-down, 0))
                total[:, here] += turned[:, there] * (unit / max(distance, least)) ** power
    return total


def alpha(tracks: Floats, towers: Towers) -> Floats:
    """The shape of PUPPI, α = ln Σ pT / ΔR over tracks of the hard vertex; −∞ where there is none near.

    Source: D. Bertolini, P. Harris, M. Low and N. Tran, arXiv:1407.6013, equations 2.1 and 2.3, with towers instead of
    particles.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(around(tracks, towers, 1)))


@dataclass(frozen=True)
class PileupShape:
    """How α is distributed for pileup (equations 2.5 and 2.6): its median, and the RMS of the values below it.

    The paper finds both in every event from the charged particles of other vertices. Here they come from towers of
    validation events that are pileup by truth: the track trigger gives no tracks of other vertices.
    """

    median: float
    left_rms: float

    @classmethod
    def of(cls, values: Floats) -> PileupShape:
        """From α of pileup towers; those without a track near say nothing and are left out."""
        known = values[np.isfinite(values)]
        if not known.size:
            return cls(math.inf, 1.0)
        median = float(np.median(known))
        below = known[known <= median] - median
        rms = float(np.sqrt((below**2).mean()))
        return cls(median, rms if rms > 0 else 1.0)

    def weights(self, values: Floats) -> Floats:
        """The weight of each tower: the χ² distribution of one degree of freedom at ((α − median) / RMS)².

        Equations 2.7 and 2.8: 0 for α at the median or below it. F(x²) with one degree of freedom is erf(x / √2).
        """
        away = np.maximum((values - self.median) / self.left_rms, 0.0)
        away = np.where(np.isfinite(values), away, 0.0)
        weight = _erf(away / math.sqrt(2))
        return np.where(weight >= LEAST_WEIGHT, weight, 0.0)


_erf = np.vectorize(math.erf, otypes=[np.float64])
