"""The detector response: CMS-like tracking, calorimeter cells and particle flow, for a batch of events at once.

The scheme is that of Delphes (arXiv:1307.6346, section 3): charged particles curl in the solenoid to the calorimeter
face; tracks are found with an efficiency and measured with a resolution; energy is summed in calorimeter cells and
smeared; the energy of a cell in excess of the tracks that point to it becomes a neutral candidate. Resolutions are
those of CMS: tracks and impact parameters arXiv:1405.6569, ECAL arXiv:1306.2016 and 1502.02701, HCAL and the
particle-flow idea arXiv:1706.04965. Pile-up, showers spreading over cells, photon conversions and nuclear interactions
are not simulated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_prep.generate.calorimeter import CellExcesses, EcalGrid, HcalGrid, measured_excess
from data_prep.generate.events import EventRecords, Floats, Ints
from data_prep.generate.particles import Particles, visible_particles
from data_prep.generate.settings import DetectorSettings
from data_prep.generate.tracker import impact_parameter_resolution, is_tracked, measured_pt, separated, track_mass

CHARGED_HADRON, NEUTRAL_HADRON, PHOTON, ELECTRON, MUON = range(5)
"""Kinds of particle-flow candidates."""

_ECAL_SHARE_OF_V0 = 0.3
"""K0S and Λ that reach the calorimeter have decayed: this share of their energy is electromagnetic (as in Delphes)."""


@dataclass(frozen=True)
class ParticleFlowCandidates:
    """Particle-flow candidates of a batch, ordered by event.

    Attributes:
        event: index of the event in the batch, ascending.
        px, py, pz, energy: momentum (GeV); tracks carry the mass of the pion, electron or muon, neutrals none.
        charge: −1, 0, 1.
        particle_kind: CHARGED_HADRON, NEUTRAL_HADRON, PHOTON, ELECTRON or MUON.
        d0, d0_error, dz, dz_error: impact parameters and their resolution (mm); 0 for neutrals.
    """

    event: Ints
    px: Floats
    py: Floats
    pz: Floats
    energy: Floats
    charge: Floats
    particle_kind: Ints
    d0: Floats
    d0_error: Floats
    dz: Floats
    dz_error: Floats


def respond(events: EventRecords, settings: DetectorSettings, rng: np.random.Generator) -> ParticleFlowCandidates:
    """Measure a batch of events.

    Args:
        events: event records; their final particles (status > 0) enter the detector.
        settings: the detector.
        rng: random numbers for the smearing; the result is a function of the events and its state.
    """
    particles = visible_particles(events, settings)
    tracks = separated(particles.select(is_tracked(particles, settings, rng)), settings.track_cell)
    tracks_pt, tracks_error = measured_pt(tracks, rng)
    tracks_energy = np.hypot(tracks_pt * np.cosh(tracks.eta), track_mass(tracks.pid))

    ecal_share = electromagnetic_share(particles.pid)
    hcal_share = np.where(np.abs(particles.pid) == 13, 0.0, 1.0 - ecal_share)
    track_is_ecal = np.abs(tracks.pid) == 11
    track_is_hcal = ~track_is_ecal & (np.abs(tracks.pid) != 13)

    photons = measured_excess(
        particles,
        ecal_share * particles.energy,
        tracks,
        np.where(track_is_ecal, tracks_energy, 0.0),
        np.where(track_is_ecal, tracks_error * tracks_energy, 0.0),
        EcalGrid(settings.ecal_cell),
        (settings.ecal_constant, settings.ecal_stochastic, settings.ecal_noise),
        settings.ecal_threshold,
        settings.significance,
        rng,
    )
    neutral_hadrons = measured_excess(
        particles,
        hcal_share * particles.energy,
        tracks,
        np.where(track_is_hcal, tracks_energy, 0.0),
        np.where(track_is_hcal, tracks_error * tracks_energy, 0.0),
        HcalGrid(),
        (settings.hcal_constant, settings.hcal_stochastic, 0.0),
        settings.hcal_threshold,
        settings.significance,
        rng,
    )
    return _candidates(tracks, tracks_pt, tracks_energy, photons, neutral_hadrons, rng)


def electromagnetic_share(pid: Ints) -> Floats:
    """The share of its energy that each particle deposits in the ECAL."""
    absolute = np.abs(pid)
    return np.where(np.isin(absolute, (11, 22)), 1.0, np.where(np.isin(absolute, (310, 3122)), _ECAL_SHARE_OF_V0, 0.0))


def _candidates(
    tracks: Particles,
    pt: Floats,
    energy: Floats,
    photons: CellExcesses,
    neutral_hadrons: CellExcesses,
    rng: np.random.Generator,
) -> ParticleFlowCandidates:
    absolute = np.abs(tracks.pid)
    track_kind = np.where(absolute == 11, ELECTRON, np.where(absolute == 13, MUON, CHARGED_HADRON))
    d0_error, dz_error = impact_parameter_resolution(pt, tracks.eta)
    d0 = (tracks.x * np.sin(tracks.phi) - tracks.y * np.cos(tracks.phi)) + d0_error * rng.standard_normal(len(pt))
    along = tracks.x * np.cos(tracks.phi) + tracks.y * np.sin(tracks.phi)
    dz = tracks.z - along * np.sinh(tracks.eta) + dz_error * rng.standard_normal(len(pt))

    neutrals = len(photons.event) + len(neutral_hadrons.event)
    zeros = np.zeros(neutrals)
    neutral_eta = np.concatenate([photons.eta, neutral_hadrons.eta])
    neutral_phi = np.concatenate([photons.phi, neutral_hadrons.phi])
    neutral_energy = np.concatenate([photons.energy, neutral_hadrons.energy])
    neutral_pt = neutral_energy / np.cosh(neutral_eta)
    neutral_kind = np.repeat([PHOTON, NEUTRAL_HADRON], [len(photons.event), len(neutral_hadrons.event)])

    event = np.concatenate([tracks.event, photons.event, neutral_hadrons.event])
    all_pt = np.concatenate([pt, neutral_pt])
    all_eta = np.concatenate([tracks.eta, neutral_eta])
    all_phi = np.concatenate([tracks.phi, neutral_phi])
    order = np.argsort(event, kind="stable")
    return ParticleFlowCandidates(
        event=event[order],
        px=(all_pt * np.cos(all_phi))[order],
        py=(all_pt * np.sin(all_phi))[order],
        pz=(all_pt * np.sinh(all_eta))[order],
        energy=np.concatenate([energy, neutral_energy])[order],
        charge=np.concatenate([tracks.charge, zeros])[order],
        particle_kind=np.concatenate([track_kind, neutral_kind])[order],
        d0=np.concatenate([d0, zeros])[order],
        d0_error=np.concatenate([d0_error, zeros])[order],
        dz=np.concatenate([dz, zeros])[order],
        dz_error=np.concatenate([dz_error, zeros])[order],
    )
