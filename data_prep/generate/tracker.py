"""The tracker: efficiency and resolution for charged particles.

Efficiencies and resolutions are those of the Delphes CMS card (arXiv:1307.6346), for hadrons after arXiv:1405.6569.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.generate.events import Floats, Ints
from data_prep.generate.particles import Particles
from data_prep.generate.settings import DetectorSettings
from data_prep.generate.smearing import log_normal

TRACKER_ETA_MAX = 2.5
TRACK_PT_MIN = 0.1
PION_MASS, ELECTRON_MASS, MUON_MASS = 0.13957, 0.000511, 0.10566

_TRACK_REGIONS = np.array([0.5, 1.5])
_HADRON_RESOLUTION = np.array([[0.010, 1.5e-4], [0.015, 2.5e-4], [0.025, 5.5e-4]])
_ELECTRON_RESOLUTION = np.array([[0.03, 1.3e-3], [0.05, 1.7e-3], [0.15, 3.1e-3]])
_MUON_RESOLUTION = np.array([[0.010, 1.0e-4], [0.015, 1.5e-4], [0.025, 3.5e-4]])
"""Relative pT resolution a ⊕ b·pT (b in 1/GeV) below and above the |η| of `_TRACK_REGIONS`."""

_HADRON_EFFICIENCY = np.array([[0.70, 0.95, 0.95], [0.60, 0.85, 0.85]])
_ELECTRON_EFFICIENCY = np.array([[0.73, 0.95, 0.99], [0.50, 0.83, 0.90]])
_MUON_EFFICIENCY = np.array([[0.75, 0.99, 0.99], [0.70, 0.98, 0.98]])
"""Tracking efficiency for |η| below and above 1.5, pT in 0.1–1, 1–100 and above 100 GeV."""


def is_tracked(particles: Particles, settings: DetectorSettings, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Whether a track is reconstructed: charged, pT > 0.1 GeV, |η| < 2.5, and with the efficiency for its particle."""
    absolute = np.abs(particles.pid)
    region = (np.abs(particles.eta) > 1.5).astype(np.int64)
    step = (particles.pt > 1.0).astype(np.int64) + (particles.pt > 100.0)
    efficiency = _HADRON_EFFICIENCY[region, step]
    efficiency = np.where(absolute == 11, _ELECTRON_EFFICIENCY[region, step], efficiency)
    efficiency = np.where(absolute == 13, _MUON_EFFICIENCY[region, step], efficiency)
    visible = (particles.charge != 0) & (particles.pt > TRACK_PT_MIN) & (np.abs(particles.eta) < TRACKER_ETA_MAX)
    return np.asarray(visible & (rng.random(len(visible)) < settings.tracking * efficiency))


def separated(tracks: Particles, cell: float) -> Particles:
    """Tracks without those that are lost in dense environments.

    The scheme and the cell are those of Delphes' DenseTrackFilter: of the tracks in one cell only that of the largest
    pT is reconstructed; the energy of the others is measured by the calorimeters only. The directions are those at the
    vertex: clusters merge in the innermost pixel layers, before the magnetic field separates the particles.

    Args:
        tracks: ordered by event; so is the result.
        cell: edge of a cell in η and φ (rad); with 0 no track is lost.
    """
    if cell == 0:
        return tracks
    row = np.floor(tracks.eta / cell).astype(np.int64)
    column = np.floor(tracks.phi % (2 * np.pi) / cell).astype(np.int64)
    order = np.lexsort((-tracks.pt, column, row, tracks.event))
    cells = np.stack([tracks.event, row, column])[:, order]
    hardest = np.ones(order.size, dtype=np.bool_)
    hardest[1:] = (cells[:, 1:] != cells[:, :-1]).any(axis=0)
    return tracks.select(np.sort(order[hardest]))


def measured_pt(tracks: Particles, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The measured pT and its relative resolution; log-normal, so that it keeps its mean and stays positive."""
    absolute = np.abs(tracks.pid)
    region = np.searchsorted(_TRACK_REGIONS, np.abs(tracks.eta))
    terms = _HADRON_RESOLUTION[region]
    terms = np.where((absolute == 11)[:, None], _ELECTRON_RESOLUTION[region], terms)
    terms = np.where((absolute == 13)[:, None], _MUON_RESOLUTION[region], terms)
    error = np.hypot(terms[:, 0], terms[:, 1] * tracks.pt)
    return log_normal(tracks.pt, error * tracks.pt, rng), error


def track_mass(pid: Ints) -> Floats:
    """The mass hypothesis of a track (GeV): electron, muon, or the pion for every hadron."""
    absolute = np.abs(pid)
    return np.where(absolute == 11, ELECTRON_MASS, np.where(absolute == 13, MUON_MASS, PION_MASS))


def impact_parameter_resolution(pt: Floats, eta: Floats) -> tuple[Floats, Floats]:
    """Resolution of the transverse and longitudinal impact parameter (mm).

    A constant and a multiple-scattering term, a ⊕ b·√cosh η / pT, with the values of arXiv:1405.6569 for
    1 < pT < 10 GeV: 90 to 25 µm transverse, 150 to 45 µm longitudinal. They are those of offline tracks; at level 1 the
    longitudinal resolution is about 1 mm.
    """
    scattering = np.sqrt(np.cosh(eta)) / pt
    return np.hypot(0.023, 0.087 * scattering), np.hypot(0.043, 0.144 * scattering)
