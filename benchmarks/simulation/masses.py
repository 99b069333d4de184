"""Masses of W, Z, H and top: as they are generated, and as peaks of the soft-drop mass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.simulation.samples import demonstration, jets_of, simulated
from benchmarks.simulation.table import Check, compared, share
from data_prep.generate.detector import respond
from data_prep.generate.events import EventRecords, Floats
from data_prep.generate.processes import PROCESSES

PARTICLES = {
    "w": ((80.369, 0.013), (2.085, 0.042)),
    "z": ((91.188, 0.002), (2.4955, 0.0023)),
    "h": ((125.20, 0.11), None),
    "t": ((172.57, 0.29), (1.42, 0.17)),
}
"""Masses and widths (GeV) with their errors: Particle Data Group, Phys. Rev. D 110 (2024) 030001."""
_SOURCE = "Particle Data Group 2024"
WINDOWS = {"w": (60.0, 100.0), "z": (66.0, 116.0), "t": (0.0, np.inf)}
"""Masses (GeV) that are generated."""
FAR = 10.0
"""GeV, four widths or more."""
_DECAYING = 22
"""|status| of the resonances of the hardest process."""


def generated(events: EventRecords, pid: int) -> Floats:
    """Masses of the resonances of a kind (GeV)."""
    own = (np.abs(events.pid) == pid) & (np.abs(events.status) == _DECAYING)
    momentum2 = events.px[own] ** 2 + events.py[own] ** 2 + events.pz[own] ** 2
    return np.sqrt(np.maximum(events.energy[own] ** 2 - momentum2, 0))


def quantile(share: float, mass: float, width: float, window: tuple[float, float]) -> float:
    """The mass (GeV) below which this share of a Breit-Wigner peak lies, cut to a window."""
    low, high = (np.arctan(2 * (edge - mass) / width) for edge in window)
    return float(mass + width / 2 * np.tan(low + share * (high - low)))


def share_above(mass: float, far: float, width: float, window: tuple[float, float]) -> float:
    """The share of a Breit-Wigner peak, cut to a window, that lies more than `far` (GeV) above its mass."""
    low, start, high = (np.arctan(2 * (edge - mass) / width) for edge in (window[0], mass + far, window[1]))
    return float((high - start) / (high - low))


def peak(mass: Floats) -> tuple[float, float, float]:
    """Mode of a Gaussian kernel estimate of 2 GeV, its error, and the standard deviation within 15 % of it."""

    def mode(values: Floats) -> float:
        grid = np.arange(40.0, 250.0, 0.1)
        counts, edges = np.histogram(values, bins=np.arange(40, 250, 0.1))
        centres = (edges[1:] + edges[:-1]) / 2
        return float(grid[np.argmax([(counts * np.exp(-0.5 * ((centres - at) / 2) ** 2)).sum() for at in grid])])

    rng = np.random.default_rng(2)
    centre = mode(mass)
    error = np.std([mode(rng.choice(mass, mass.size)) for _ in range(20)])
    return centre, float(error), float(mass[np.abs(mass / centre - 1) < 0.15].std())


def masses(number: int) -> Iterator[Check]:
    """A Breit-Wigner peak has about its mass as median and about its width as the distance of the quartiles."""
    for name, (true, width) in PARTICLES.items():
        settings = demonstration(classes=[name])
        process, rng = PROCESSES[name], np.random.default_rng(1)
        seen, drawn = [], []
        for events in simulated(process, settings, number):
            drawn.append(generated(events, process.resonances[0]))
            seen.append(jets_of(events, respond(events, settings.detector, rng), process, settings.jets).soft_drop_mass)
        mass = np.concatenate(drawn)
        if width:
            quartiles = np.quantile(mass, [0.25, 0.75])
            spread = float(quartiles[1] - quartiles[0])
            # errors of the median and of the quartiles of a Cauchy distribution
            error = spread / np.sqrt(mass.size)
            window = WINDOWS[name]
            low, middle, high = (quantile(at, true[0], width[0], window) for at in (0.25, 0.5, 0.75))
            source = f"{_SOURCE}, Breit-Wigner peak"
            yield compared(
                f"median of the generated masses, {name}",
                (float(np.median(mass)), np.pi / 4 * error),
                (middle, true[1]),
                source,
                unit=" GeV",
            )
            yield compared(
                f"distance of their quartiles, {name}",
                (spread, np.pi / 2 * error),
                (high - low, width[1]),
                source,
                unit=" GeV",
            )
            yield compared(
                f"share more than {FAR:g} GeV above the true mass, {name}",
                share(float((mass > true[0] + FAR).sum()), mass.size),
                (share_above(true[0], FAR, width[0], window), 0.0),
                source,
                digits=4,
            )
        centre, error, resolution = peak(np.concatenate(seen))
        yield compared(
            f"peak of the soft-drop mass, {name} (standard deviation {resolution:.1f} GeV)",
            (centre, error),
            true,
            _SOURCE,
            digits=1,
            unit=" GeV",
        )
