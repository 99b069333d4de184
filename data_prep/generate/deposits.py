"""An event in towers: transverse energy of the calorimeters and of tracks, each share with its source.

Tracks have offline resolution, in particular along the beam: 0.04 to 0.15 mm, where level 1 has about 1 mm; and the
hard vertex is known. Tracks of pileup are therefore identified better than at level 1.

Energies are smeared in the cells of the calorimeters, after the energies of all sources are summed: two soft particles
in one cell can pass the threshold together. The measured energy is then divided in proportion to the true energies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_prep.events.truth import MOST_JETS
from data_prep.generate.calorimeter import EcalGrid
from data_prep.generate.detector import electromagnetic_share
from data_prep.generate.events import Floats, Ints
from data_prep.generate.particles import Particles
from data_prep.generate.settings import DetectorSettings, TrackSettings
from data_prep.generate.smearing import log_normal
from data_prep.generate.tracker import impact_parameter_resolution, is_tracked, measured_pt
from data_prep.grids.trigger_towers import DEPOSIT_GRID, TOWER_ETA

_MUON = 13
_SOURCES = MOST_JETS + 2
"""Source codes are −2 to `MOST_JETS` − 1."""


@dataclass(frozen=True)
class Deposits:
    """The deposits in the towers of a batch of events, one entry for each tower and source.

    Attributes:
        offsets: where each event's deposits start, [events + 1].
        tower: index in `DEPOSIT_GRID`, ascending within an event.
        source: index of the truth jet, `PILEUP_SOURCE` or `OTHER_SOURCE`; ascending within a tower.
        em, had: transverse energy in ECAL and HCAL (GeV).
        track: Σ pT of tracks, where they meet the calorimeter (GeV).
    """

    offsets: Ints
    tower: Ints
    source: Ints
    em: Floats
    had: Floats
    track: Floats


@dataclass(frozen=True)
class TowerCells:
    """Calorimeter cells of which a whole number make a tower.

    Attributes:
        across: cells of a tower in η and in φ.
    """

    across: int

    @classmethod
    def about(cls, size: float) -> TowerCells:
        """Cells whose size is nearest to a given one (rad)."""
        return cls(max(1, round(TOWER_ETA / size)))

    @property
    def number(self) -> int:
        """Number of all cells."""
        return DEPOSIT_GRID.rows * DEPOSIT_GRID.columns * self.across**2

    def at(self, eta: Floats, phi: Floats) -> tuple[Ints, Ints]:
        """The tower (−1 outside) and the cell at each direction; φ need not be wrapped."""
        tower = DEPOSIT_GRID.tower_of(eta, phi)
        centre_eta, _ = DEPOSIT_GRID.centres(tower)
        up = np.floor(((eta - centre_eta) / TOWER_ETA + 0.5) * self.across).astype(np.int64)
        right = np.floor((phi + np.pi) / DEPOSIT_GRID.step % 1 * self.across).astype(np.int64)
        up, right = np.clip(up, 0, self.across - 1), np.clip(right, 0, self.across - 1)
        return tower, (tower * self.across + up) * self.across + right

    def eta(self, cell: Ints) -> Floats:
        """The η of the centres of cells."""
        tower, up = np.divmod(cell // self.across, self.across)
        return DEPOSIT_GRID.centres(tower)[0] + ((up + 0.5) / self.across - 0.5) * TOWER_ETA


def deposit(
    particles: Particles,
    source: Ints,
    number: int,
    detector: DetectorSettings,
    tracks: TrackSettings,
    rng: np.random.Generator,
) -> Deposits:
    """Measure a batch of events.

    Args:
        particles: all visible particles, pileup included; in any order.
        source: of each particle, as in `Deposits`.
        number: events in the batch.
        detector: resolutions and thresholds; the cells of the HCAL are the trigger's towers.
        tracks: the selection of tracks.
        rng: random numbers for the smearing.
    """
    share = electromagnetic_share(particles.pid)
    muon = np.abs(particles.pid) == _MUON
    ecal = EcalGrid(detector.ecal_cell)
    em = _calorimeter(
        particles,
        share * particles.energy,
        TowerCells.about(detector.ecal_cell),
        ecal.resolution_scale,
        (detector.ecal_constant, detector.ecal_stochastic, detector.ecal_noise),
        detector.ecal_threshold,
        rng,
    )
    had = _calorimeter(
        particles,
        np.where(muon, 0.0, (1 - share) * particles.energy),
        TowerCells(1),
        np.ones_like,
        (detector.hcal_constant, detector.hcal_stochastic, 0.0),
        detector.hcal_threshold,
        rng,
    )
    tracked = is_tracked(particles, detector, rng)
    track = np.zeros(source.size)
    track[tracked] = _tracks(particles.select(tracked), tracks, rng)
    tower_of_track = DEPOSIT_GRID.tower_of(particles.calorimeter_eta, particles.calorimeter_phi)

    size = DEPOSIT_GRID.rows * DEPOSIT_GRID.columns
    towers = np.concatenate([em[0], had[0], tower_of_track])
    values = np.concatenate([em[1], had[1], track])
    detector_part = np.repeat(np.arange(3), source.size)
    deposited = (values > 0) & (towers >= 0)
    event, code = np.tile(particles.event, 3)[deposited], np.tile(source, 3)[deposited] + 2
    keys, inverse = np.unique((event * size + towers[deposited]) * _SOURCES + code, return_inverse=True)
    sums: Floats = np.bincount(inverse * 3 + detector_part[deposited], values[deposited], keys.size * 3).astype(
        np.float64
    )
    em_sum, had_sum, track_sum = sums.reshape(-1, 3).T
    event_and_tower, code = np.divmod(keys, _SOURCES)
    event, tower = np.divmod(event_and_tower, size)
    return Deposits(
        offsets=np.searchsorted(event, np.arange(number + 1)),
        tower=tower,
        source=code - 2,
        em=em_sum,
        had=had_sum,
        track=track_sum,
    )


def _calorimeter(
    particles: Particles,
    energy: Floats,
    cells: TowerCells,
    scale: Callable[[Floats], Floats],
    terms: tuple[float, float, float],
    threshold: float,
    rng: np.random.Generator,
) -> tuple[Ints, Floats]:
    """For each particle the tower (−1 outside) and the measured transverse energy of its deposit (GeV)."""
    constant, stochastic, noise = terms
    measured = np.zeros(energy.size)
    tower, cell = cells.at(particles.calorimeter_eta, particles.calorimeter_phi)
    hit = np.flatnonzero((energy > 0) & (tower >= 0))
    keys, inverse = np.unique(particles.event[hit] * cells.number + cell[hit], return_inverse=True)
    true = np.asarray(np.bincount(inverse, energy[hit], keys.size), dtype=np.float64)
    eta = cells.eta(keys % cells.number)
    sigma = scale(eta) * np.sqrt((constant * true) ** 2 + stochastic**2 * true + noise**2)
    smeared = log_normal(true, sigma, rng)
    response = np.where(smeared > threshold, smeared / true, 0.0) / np.cosh(eta)
    measured[hit] = energy[hit] * response[inverse]
    return tower, measured


def _tracks(tracks: Particles, settings: TrackSettings, rng: np.random.Generator) -> Floats:
    """The measured pT of each track (GeV), 0 for tracks that are not selected; the hard vertex is at z = 0."""
    pt, _ = measured_pt(tracks, rng)
    counts = pt > settings.pt_min
    if settings.vertex_window is not None:
        along = tracks.x * np.cos(tracks.phi) + tracks.y * np.sin(tracks.phi)
        _, error = impact_parameter_resolution(pt, tracks.eta)
        distance = tracks.z - along * np.sinh(tracks.eta) + error * rng.standard_normal(pt.size)
        counts &= np.abs(distance) < settings.vertex_window
    return np.where(counts, pt, 0.0)
