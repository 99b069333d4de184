"""Matching of jets to hard partons or resonances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.generate.events import EventRecords, Floats, Ints
from data_prep.generate.processes import QUARKS, Process

_HARD = 23
"""|status| of the outgoing partons of the hardest process, and of the quarks that resonances decay to."""
_FIRST_INCOMING = 3
"""Position of the first incoming parton of the hard process in Pythia's record."""

ORIGINS, PRONGS = 2, 3
"""Largest number of origins in an event, and of quarks of an origin."""


@dataclass(frozen=True)
class Origins:
    """The partons or resonances that the jets of a batch may come from.

    Attributes:
        pid: |PDG id| of the parton or resonance, [events, 2]; 0 where there is none.
        pt: its transverse momentum (GeV), for a resonance that of the sum of its quarks, [events, 2]; 0 where there is
            none.
        eta, phi: its direction, [events, 2]; NaN where there is none. For a resonance that of the sum of its quarks.
        prong_eta, prong_phi: directions of its decay quarks before they radiate (of the parton itself), [events, 2, 3].
    """

    pid: Ints
    pt: Floats
    eta: Floats
    phi: Floats
    prong_eta: Floats
    prong_phi: Floats


def find_origins(events: EventRecords, process: Process) -> Origins:
    """The hard partons, or the resonances with the quarks they decay to.

    The decay quarks are those after the recoil against all initial-state radiation. The quarks of a top are its b and
    those of the W of the same sign.
    """
    absolute = np.abs(events.pid)
    hard = np.abs(events.status) == _HARD
    if process.resonances:
        mother_pid = events.pid[events.first[events.event] + events.mother]
        selected = hard & np.isin(absolute, QUARKS) & np.isin(np.abs(mother_pid), process.resonances)
        by_sign = len(process.resonances) > 1
        owner = np.where(mother_pid > 0, 1, 0) if by_sign else events.mother
        pid = np.full(len(absolute), process.resonances[0])
    else:
        selected = hard & (events.mother == _FIRST_INCOMING)
        owner = np.arange(len(absolute)) - events.first[events.event]
        pid = absolute
    rows = np.flatnonzero(selected)
    rows = rows[np.lexsort((owner[rows], events.event[rows]))]
    event, owner = events.event[rows], owner[rows]

    new_event = np.diff(event, prepend=-1) != 0
    new_origin = new_event | (np.diff(owner, prepend=-1) != 0)
    origin = _rank(new_origin, new_event)
    prong = _rank(np.ones(len(rows), dtype=bool), new_origin)
    kept = (origin < ORIGINS) & (prong < PRONGS)
    rows, event, origin, prong = rows[kept], event[kept], origin[kept], prong[kept]

    momentum = np.zeros((3, events.number, ORIGINS))
    for axis, values in enumerate((events.px, events.py, events.pz)):
        np.add.at(momentum[axis], (event, origin), values[rows])
    pid_of_origin = np.zeros((events.number, ORIGINS), dtype=np.int64)
    pid_of_origin[event, origin] = pid[rows]
    eta, phi = _direction(*momentum)
    prongs = (np.full((events.number, ORIGINS, PRONGS), np.nan), np.full((events.number, ORIGINS, PRONGS), np.nan))
    for target, values in zip(prongs, _direction(events.px[rows], events.py[rows], events.pz[rows]), strict=True):
        target[event, origin, prong] = values
    return Origins(pid_of_origin, np.hypot(momentum[0], momentum[1]), eta, phi, *prongs)


def _rank(starts: npt.NDArray[np.bool_], group_starts: npt.NDArray[np.bool_]) -> Ints:
    """The number of preceding `starts` within the same group."""
    count = np.cumsum(starts)
    return np.asarray(count - np.maximum.accumulate(np.where(group_starts, count, 0)), dtype=np.int64)


def _direction(px: Floats, py: Floats, pz: Floats) -> tuple[Floats, Floats]:
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.arcsinh(pz / pt), np.where(pt > 0, np.arctan2(py, px), np.nan)


def delta_r(eta1: Floats, phi1: Floats, eta2: Floats, phi2: Floats) -> Floats:
    """ΔR = √(Δη² + Δφ²), Δφ in (−π, π]."""
    delta_phi = np.pi - np.abs(np.abs(phi1 - phi2) % (2 * np.pi) - np.pi)
    return np.hypot(eta1 - eta2, delta_phi)


def match(jet_eta: Floats, jet_phi: Floats, origins: Origins, process: Process, radius: float) -> Ints:
    """|PDG id| of each jet's origin, 0 for a jet without.

    A jet is matched to its nearest origin, and an origin to its nearest jet only. Where the process requires
    containment, the origin and all of its quarks must be within `radius` of the jet axis. Partons of other flavours
    than those of the process are no origins.

    Args:
        jet_eta: η of the jet axes, [events, jets]; NaN where there is no jet.
        jet_phi: φ of the jet axes, the same.
        origins: the partons or resonances.
        process: the class, which decides on containment and flavours.
        radius: matching distance.
    """
    distance = delta_r(jet_eta[:, :, None], jet_phi[:, :, None], origins.eta[:, None], origins.phi[:, None])
    distance = np.where(np.isnan(distance), np.inf, distance)
    nearest_origin = np.argmin(distance, axis=2)
    event = np.arange(len(jet_eta))[:, None]
    jet = np.arange(jet_eta.shape[1])[None, :]
    nearest_jet = np.argmin(distance, axis=1)[event, nearest_origin]
    closest = distance[event, jet, nearest_origin]
    matched = np.isfinite(closest) & (nearest_jet == jet)
    if process.contained:
        prong_distance = delta_r(
            jet_eta[:, :, None],
            jet_phi[:, :, None],
            origins.prong_eta[event, nearest_origin],
            origins.prong_phi[event, nearest_origin],
        )
        contained = np.all(np.isnan(prong_distance) | (prong_distance < radius), axis=2)
        matched &= contained & (closest < radius)
    pid = origins.pid[event, nearest_origin]
    if process.partons:
        matched &= np.isin(pid, process.partons)
    return np.where(matched, pid, 0)
