"""How often a jet contains all quarks of a resonance, against decays in phase space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from benchmarks.simulation.masses import PARTICLES
from benchmarks.simulation.samples import axis, jets_of, simulated
from benchmarks.simulation.table import Check, compared
from data_prep.generate.detector import respond
from data_prep.generate.events import Floats
from data_prep.generate.processes import PROCESSES
from data_prep.generate.settings import GenerateSettings, JetSettings, ScaleSettings
from data_prep.generate.truth import delta_r, find_origins

RADIUS, ETA_MAX = 0.8, 2.0
HELICITIES = 0.693, 0.315
"""Longitudinal and left-handed share of the W bosons of top quarks: ATLAS and CMS, arXiv:2005.03799."""
_SAMPLES = {
    "w": ((150.0, 2000.0), (200.0, 400.0)),
    "z": ((150.0, 2000.0), (200.0, 400.0)),
    "h": ((150.0, 2000.0), (200.0, 400.0)),
    "t": ((200.0, 2000.0), (200.0, 600.0)),
}
"""pT-hat as in configs/rates, and the smallest pT of the resonances that are asked for (GeV)."""
_REPEATED = 50
"""Decays for each resonance."""


def boosted(momentum: Floats, parent: Floats) -> Floats:
    """Momenta [4, n], energy first, from the rest frame of their parents to the frame where these have `parent`."""
    mass = np.sqrt(parent[0] ** 2 - (parent[1:] ** 2).sum(axis=0))
    along = (parent[1:] * momentum[1:]).sum(axis=0)
    energy = (parent[0] * momentum[0] + along) / mass
    space = momentum[1:] + parent[1:] * (along / (mass * (parent[0] + mass)) + momentum[0] / mass)
    return np.concatenate([energy[None], space])


def two_bodies(parent: Floats, masses: tuple[float, float], cosine: Floats, rng: np.random.Generator) -> list[Floats]:
    """The products of decays.

    Args:
        parent: energy and momentum, [4, n].
        masses: of the products (GeV).
        cosine: of the angle in the rest frame between the first product and the flight of the parent, [n].
        rng: of the angle about the flight.
    """
    mass = np.sqrt(parent[0] ** 2 - (parent[1:] ** 2).sum(axis=0))
    one, two = masses
    size = np.sqrt((mass**2 - (one + two) ** 2) * (mass**2 - (one - two) ** 2)) / (2 * mass)
    flight = parent[1:] / np.sqrt((parent[1:] ** 2).sum(axis=0))
    across = np.stack([flight[1], -flight[0], np.zeros(mass.size)]) / np.hypot(flight[0], flight[1])
    third = np.cross(flight, across, axis=0)
    angle, sine = rng.uniform(0, 2 * np.pi, mass.size), np.sqrt(1 - cosine**2)
    momentum = size * (flight * cosine + across * sine * np.cos(angle) + third * sine * np.sin(angle))
    return [
        boosted(np.concatenate([np.hypot(size, body_mass)[None], sign * momentum]), parent)
        for sign, body_mass in ((1, one), (-1, two))
    ]


def cosines(number: int, longitudinal: float, rng: np.random.Generator) -> Floats:
    """Of decays of W bosons: 3/4 (1 − cos²) if longitudinal, else 3/8 (1 + cos²), the mean of both helicities."""
    grid = np.linspace(-1, 1, 2001)
    density = longitudinal * 3 / 4 * (1 - grid**2) + (1 - longitudinal) * 3 / 8 * (1 + grid**2)
    total = np.cumsum(density)
    return np.interp(rng.random(number), total / total[-1], grid)


def contained(name: str, pt: Floats, eta: Floats, weight: Floats, transverse: bool = False) -> float:
    """Share of resonances all of whose quarks anti-kT puts into one jet.

    Args:
        name: of the class.
        pt: of the resonances (GeV).
        eta: of the resonances.
        weight: what each counts for.
        transverse: whether W or Z bosons are all transversely polarised; if not, their decays are isotropic. The W of
            a top has the measured polarisation.
    """
    rng = np.random.default_rng(3)
    pt, eta, weight = (np.repeat(column, _REPEATED) for column in (pt, eta, weight))
    mass = PARTICLES[name][0][0]
    space = np.stack([pt, np.zeros(pt.size), pt * np.sinh(eta)])
    parent = np.concatenate([np.sqrt((space**2).sum(axis=0) + mass**2)[None], space])
    isotropic = rng.uniform(-1, 1, pt.size)
    if name == "t":
        rest = np.zeros((4, pt.size))
        rest[0] = mass
        # at rest the top has no flight: any axis will do for an isotropic decay
        rest[1] = 1e-9
        boson, bottom = two_bodies(rest, (PARTICLES["w"][0][0], 4.8), isotropic, rng)
        light = two_bodies(boson, (0.0, 0.0), cosines(pt.size, HELICITIES[0], rng), rng)
        quarks = [boosted(quark, parent) for quark in (*light, bottom)]
    else:
        polar = cosines(pt.size, 0.0, rng) if transverse else isotropic
        quarks = two_bodies(parent, (4.8, 4.8) if name == "h" else (0.0, 0.0), polar, rng)
    return float(np.average(clustered(np.stack(quarks)), weights=weight))


def distance(one: Floats, two: Floats) -> Floats:
    """ΔR of momenta, energy first."""
    place = [(np.arcsinh(p[3] / np.hypot(p[1], p[2])), np.arctan2(p[2], p[1])) for p in (one, two)]
    return delta_r(*place[0], *place[1])


def clustered(quarks: Floats) -> npt.NDArray[np.bool_]:
    """Which events of two or three quarks, [quarks, 4, n], become one anti-kT jet of radius R (arXiv:0802.1189).

    The nearest pair in the measure of the algorithm is joined, if it is nearer than the beam of the hardest quark.
    """
    if len(quarks) == 2:
        return np.asarray(distance(quarks[0], quarks[1]) < RADIUS)
    pt = np.hypot(quarks[:, 1], quarks[:, 2])
    pairs = ((0, 1, 2), (0, 2, 1), (1, 2, 0))
    measure = [(distance(quarks[i], quarks[j]) / RADIUS / np.maximum(pt[i], pt[j])) ** 2 for i, j, _ in pairs]
    nearest, beam = np.argmin(measure, axis=0), pt.max(axis=0) ** -2.0
    one = np.zeros(pt.shape[1], dtype=bool)
    for which, (i, j, left) in enumerate(pairs):
        joined = (nearest == which) & (measure[which] < beam)
        one |= joined & (distance(quarks[i] + quarks[j], quarks[left]) < RADIUS)
    return one


def weighted_share(hit: Floats, weight: Floats) -> tuple[float, float]:
    """A share of weighted entries, and its error."""
    value = float(np.average(hit, weights=weight))
    return value, float(np.sqrt((weight**2 * (hit - value) ** 2).sum()) / weight.sum())


def containment(number: int) -> Iterator[Check]:
    """Resonances of configs/rates: how often both quarks are closer than R, how often a jet contains all of them.

    At the edge a jet may hold a part of what a quark becomes, and lean towards it: its axis then has both quarks within
    R although they are further apart than R. So more are contained than quarks alone would be.
    """
    jets_kept = JetSettings(pt=(80, 5000), eta_max=ETA_MAX + 0.2)
    for name, (pt_hat, thresholds) in _SAMPLES.items():
        settings = GenerateSettings(classes=(name,), jets_per_class=1, collision_energy=14_000)
        process, rng = PROCESSES[name], np.random.default_rng(1)
        parts = []
        for events in simulated(process, settings, number, scale=ScaleSettings(pt_hat=pt_hat, pt_hat_power=2.5)):
            origins = find_origins(events, process)
            jets = jets_of(events, respond(events, settings.detector, rng), process, jets_kept, keep_unmatched=True)
            _, eta, phi = axis(jets)
            hit = np.zeros(origins.pt.shape, dtype=bool)
            for row in np.flatnonzero(jets.pid != 0):
                own = jets.event[row]
                hit[own, np.nanargmin(delta_r(origins.eta[own], origins.phi[own], eta[row], phi[row]))] = True
            (eta1, eta2), (phi1, phi2) = (
                np.moveaxis(prong, 2, 0)[:2] for prong in (origins.prong_eta, origins.prong_phi)
            )
            asked = (origins.pt > thresholds[0]) & (np.abs(origins.eta) < ETA_MAX)
            columns = (origins.pt, origins.eta, events.weight[:, None], hit, delta_r(eta1, phi1, eta2, phi2) < RADIUS)
            parts.append(np.stack([np.broadcast_to(column, asked.shape)[asked] for column in columns]))
        every = np.concatenate(parts, axis=1)
        for threshold in thresholds:
            pt, eta, weight, hit, close = every[:, every[0] > threshold]
            if name in ("w", "z"):
                low, high = (contained(name, pt, eta, weight, transverse) for transverse in (True, False))
                expected, source = ((high + low) / 2, (high - low) / 2), "decays from transverse to isotropic"
            else:
                expected, source = (contained(name, pt, eta, weight), 0.0), "isotropic decays"
            if name == "t":
                source = "decays, anti-kT of quarks; polarisation of W: arXiv:2005.03799"
            else:
                quantity = f"{name} above {threshold:g} GeV with both quarks within ΔR = {RADIUS}"
                yield compared(quantity, weighted_share(close, weight), expected, source, digits=3)
            quantity = f"{name} above {threshold:g} GeV with a jet that contains it"
            yield compared(quantity, weighted_share(hit, weight), expected, source, digits=3)
