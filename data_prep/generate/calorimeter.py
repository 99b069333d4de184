"""The calorimeters: cells, their resolution, and the energy above that of the tracks that point to them.

Cells and the growth of the ECAL resolution with |η| are those of the Delphes CMS card (arXiv:1307.6346).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_prep.generate.events import Floats, Ints
from data_prep.generate.particles import Particles
from data_prep.generate.settings import CALORIMETER_ETA_MAX
from data_prep.generate.smearing import log_normal

_HCAL_BARREL_EDGES = 0.087 * np.arange(20)
_HCAL_ENDCAP_EDGES = np.array([1.74, 1.83, 1.93, 2.043, 2.172, 2.322, 2.5, 2.65, 2.868, CALORIMETER_ETA_MAX])
_HCAL_POSITIVE_EDGES = np.concatenate([_HCAL_BARREL_EDGES, _HCAL_ENDCAP_EDGES])
_HCAL_ETA_EDGES = np.concatenate([-_HCAL_POSITIVE_EDGES[:0:-1], _HCAL_POSITIVE_EDGES])
_HCAL_BARREL_PHI_CELLS, _HCAL_ENDCAP_PHI_CELLS = 72, 36
"""HCAL cells: 0.087 × 5° up to |η| = 1.653, then 10° and growing."""


@dataclass(frozen=True)
class CellExcesses:
    """Cells with an excess: the event they belong to, a point inside them, and the excess (GeV)."""

    event: Ints
    eta: Floats
    phi: Floats
    energy: Floats


class EcalGrid:
    """Square cells in η and φ."""

    def __init__(self, cell: float) -> None:
        self._rows = int(np.ceil(2 * CALORIMETER_ETA_MAX / cell))
        self._columns = round(2 * np.pi / cell)
        self._height = 2 * CALORIMETER_ETA_MAX / self._rows
        self._width = 2 * np.pi / self._columns
        self.cells = self._rows * self._columns

    def index(self, eta: Floats, phi: Floats) -> Ints:
        """The cell at a direction; φ need not be wrapped."""
        row = np.floor((eta + CALORIMETER_ETA_MAX) / self._height).astype(np.int64)
        column = np.floor((phi + np.pi) / self._width).astype(np.int64) % self._columns
        return np.asarray(np.clip(row, 0, self._rows - 1) * self._columns + column)

    def position(self, index: Ints, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """A point in each cell, at the fractions u and v of its edges."""
        row, column = np.divmod(index, self._columns)
        return (row + u) * self._height - CALORIMETER_ETA_MAX, (column + v) * self._width - np.pi

    def resolution_scale(self, eta: Floats) -> Floats:
        """The growth of the resolution with |η| (after arXiv:1306.2016), constant beyond 2.5."""
        absolute = np.abs(eta)
        endcap = 2.16 + 5.6 * (np.clip(absolute, 1.5, 2.5) - 2) ** 2
        return np.where(absolute <= 1.5, 1 + 0.64 * eta**2, endcap)


class HcalGrid:
    """The towers of the CMS HCAL: finer in φ in the barrel than in the endcaps."""

    def __init__(self) -> None:
        self._rows = len(_HCAL_ETA_EDGES) - 1
        centre = np.abs(_HCAL_ETA_EDGES[1:] + _HCAL_ETA_EDGES[:-1]) / 2
        barrel = centre < _HCAL_BARREL_EDGES[-1]
        self._columns = np.where(barrel, _HCAL_BARREL_PHI_CELLS, _HCAL_ENDCAP_PHI_CELLS)
        self.cells = self._rows * _HCAL_BARREL_PHI_CELLS

    def index(self, eta: Floats, phi: Floats) -> Ints:
        """The tower at a direction; φ need not be wrapped."""
        row = np.clip(np.searchsorted(_HCAL_ETA_EDGES, eta, side="right") - 1, 0, self._rows - 1)
        columns = self._columns[row]
        column = np.floor((phi + np.pi) / (2 * np.pi) * columns).astype(np.int64) % columns
        return np.asarray(row * _HCAL_BARREL_PHI_CELLS + column)

    def position(self, index: Ints, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """A point in each tower, at the fractions u and v of its edges."""
        row, column = np.divmod(index, _HCAL_BARREL_PHI_CELLS)
        low, high = _HCAL_ETA_EDGES[row], _HCAL_ETA_EDGES[row + 1]
        return low + u * (high - low), (column + v) * 2 * np.pi / self._columns[row] - np.pi

    def resolution_scale(self, eta: Floats) -> Floats:
        """The resolution does not depend on η."""
        return np.ones_like(eta)


def measured_excess(
    particles: Particles,
    deposit: Floats,
    tracks: Particles,
    track_energy: Floats,
    track_sigma: Floats,
    grid: EcalGrid | HcalGrid,
    terms: tuple[float, float, float],
    threshold: float,
    significance: float,
    rng: np.random.Generator,
) -> CellExcesses:
    """The energy of each cell in excess of the tracks that point to it, with the cuts of Delphes' SimpleCalorimeter.

    A cell whose measured energy is not above the threshold and significant is empty; its energy in excess of its tracks
    is a candidate if that, too, is above the threshold and significant. Unlike in Delphes, tracks keep their measured
    momentum where the excess is not significant.

    Args:
        particles: all particles that enter the detector.
        deposit: energy that each of them deposits in this calorimeter (GeV).
        tracks: those of them that were tracked.
        track_energy: measured energy of each track that showers in this calorimeter (GeV), 0 for other tracks.
        track_sigma: its error (GeV).
        grid: the cells.
        terms: constant, stochastic (√GeV) and noise term (GeV) of the resolution.
        threshold: the smallest energy, and excess, of a cell (GeV).
        significance: the same in standard deviations; for the excess those of tracks and cell are combined.
        rng: random numbers for the smearing.
    """
    constant, stochastic, noise = terms
    hit = (deposit > 0) & (np.abs(particles.calorimeter_eta) < CALORIMETER_ETA_MAX)
    key = particles.event[hit] * grid.cells + grid.index(particles.calorimeter_eta[hit], particles.calorimeter_phi[hit])
    cells, inverse = np.unique(key, return_inverse=True)
    true_energy = np.asarray(np.bincount(inverse, deposit[hit], len(cells)), dtype=np.float64)

    event, index = np.divmod(cells, grid.cells)
    eta, phi = grid.position(index, rng.random(len(cells)), rng.random(len(cells)))
    scale = grid.resolution_scale(eta)

    def sigma(energy: Floats) -> Floats:
        return np.asarray(scale * np.sqrt((constant * energy) ** 2 + stochastic**2 * energy + noise**2))

    energy = log_normal(true_energy, sigma(true_energy), rng)

    pointing = (track_energy > 0) & (np.abs(tracks.calorimeter_eta) < CALORIMETER_ETA_MAX)
    track_key = tracks.event[pointing] * grid.cells + grid.index(
        tracks.calorimeter_eta[pointing], tracks.calorimeter_phi[pointing]
    )
    cell = np.searchsorted(cells, track_key)
    track_sum = np.bincount(cell, track_energy[pointing], len(cells))
    track_variance = np.bincount(cell, track_sigma[pointing] ** 2, len(cells))

    error = sigma(energy)
    excess = energy - track_sum
    # where the excess passes both cuts the cell does too: its energy is larger and its error smaller
    keep = (excess > threshold) & (excess > significance * np.sqrt(track_variance + error**2))
    return CellExcesses(event[keep], eta[keep], phi[keep], excess[keep])
