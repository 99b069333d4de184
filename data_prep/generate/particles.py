"""Visible stable particles, and their position at the calorimeter face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.generate.events import EventRecords, Floats, Ints
from data_prep.generate.settings import CALORIMETER_ETA_MAX, DetectorSettings

_NEUTRINOS = (12, 14, 16)
_CHARGES = {11: -1, 13: -1, 211: 1, 321: 1, 2212: 1, 3112: -1, 3222: 1, 3312: -1, 3334: -1}
"""Charge of the stable charged particles by PDG id; antiparticles have the opposite one."""


@dataclass(frozen=True)
class Particles:
    """The visible stable particles of a batch, ordered by event.

    Attributes:
        event: index of the event in the batch, ascending.
        pid, charge: PDG id and charge (−1, 0, 1).
        pt, energy: GeV.
        eta, phi: direction at the vertex.
        x, y, z: production vertex (mm).
        calorimeter_eta, calorimeter_phi: position at the calorimeter face, seen from the origin.
    """

    event: Ints
    pid: Ints
    charge: Floats
    pt: Floats
    eta: Floats
    phi: Floats
    energy: Floats
    x: Floats
    y: Floats
    z: Floats
    calorimeter_eta: Floats
    calorimeter_phi: Floats

    def select(self, keep: npt.NDArray[np.bool_] | Ints) -> Particles:
        """The particles of a mask, or at some indices."""
        return Particles(**{name: getattr(self, name)[keep] for name in self.__dataclass_fields__})


def visible_particles(events: EventRecords, settings: DetectorSettings) -> Particles:
    """Stable particles, without neutrinos, that reach the calorimeters, or the tracker if they curl up in it."""
    final = np.flatnonzero((events.status > 0) & ~np.isin(np.abs(events.pid), _NEUTRINOS))
    px, py, pz = events.px[final], events.py[final], events.pz[final]
    pt = np.hypot(px, py)
    central = (pt > 1e-3) & (np.abs(pz) < pt * np.sinh(CALORIMETER_ETA_MAX + 1.0))
    final, px, py, pz, pt = final[central], px[central], py[central], pz[central], pt[central]
    eta, phi = np.arcsinh(pz / pt), np.arctan2(py, px)
    pid = events.pid[final]
    charge = _charge(pid)
    calorimeter_eta, calorimeter_phi = propagate(pt, eta, phi, charge, settings)
    return Particles(
        event=events.event[final],
        pid=pid,
        charge=charge,
        pt=pt,
        eta=eta,
        phi=phi,
        energy=events.energy[final],
        x=events.x[final],
        y=events.y[final],
        z=events.z[final],
        calorimeter_eta=calorimeter_eta,
        calorimeter_phi=calorimeter_phi,
    )


def _charge(pid: Ints) -> Floats:
    absolute = np.abs(pid)
    charge = np.zeros(len(pid))
    for pdg, value in _CHARGES.items():
        charge[absolute == pdg] = value
    return np.asarray(charge * np.sign(pid), dtype=np.float64)


def propagate(
    pt: Floats, eta: Floats, phi: Floats, charge: Floats, settings: DetectorSettings
) -> tuple[Floats, Floats]:
    """The position of particles from the origin at the calorimeter face.

    A charged particle turns by an angle α on a circle of radius R = pT/(0.2998 B); it is then at the distance
    2R sin(α/2) from the beam, in the direction φ − q α/2, at z = R α sinh η. It stops at the barrel or at the endcap,
    whichever is first.

    Returns:
        η and φ (rad, not wrapped) seen from the origin.
    """
    bends = (charge != 0) & (settings.magnetic_field > 0)
    curvature_radius = pt / (0.299792458 * max(settings.magnetic_field, 1e-9))
    half_chord = settings.calorimeter_radius / (2 * curvature_radius)
    to_barrel = np.where(half_chord < 1, 2 * np.arcsin(np.minimum(half_chord, 1)), np.inf)
    slope = np.sinh(eta)
    to_endcap = settings.calorimeter_half_length / (curvature_radius * np.maximum(np.abs(slope), 1e-9))
    angle = np.minimum(to_barrel, to_endcap)
    chord = 2 * curvature_radius * np.sin(angle / 2)
    new_eta = np.arcsinh(curvature_radius * angle * slope / np.maximum(np.abs(chord), 1e-9))
    new_phi = phi - charge * angle / 2 + np.where(chord < 0, np.pi, 0.0)
    return np.where(bends, new_eta, eta), np.where(bends, new_phi, phi)
