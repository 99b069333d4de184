"""Scatterings of two partons at leading order, computed without Pythia's processes.

Matrix elements: B. L. Combridge, J. Kripfganz, J. Ranft, Phys. Lett. B 70 (1977) 234 (Ellis, Stirling, Webber, QCD and
Collider Physics, table 7.1). Parton densities: NNPDF2.3 LO, alpha_s(M_Z) = 0.130 (arXiv:1207.1303), as Pythia's
installation has them in a file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.interpolate import RectBivariateSpline

from data_prep.generate.events import Floats

GLUON = 21
_QUARKS = (1, 2, 3, 4, 5)
_DENSITIES = Path(sys.prefix) / "share" / "Pythia8" / "pdfdata" / "NNPDF23_lo_as_0130_qed_0000.dat"
_Z_MASS, _ALPHA_S = 91.188, 0.130


@cache
def densities() -> dict[int, Callable[[Floats, Floats], Floats]]:
    """X f(x, Q) of each parton, by its PDG id, as functions of x and Q (GeV); of the first block of the grid file."""
    lines = _DENSITIES.read_text().split("---")[1].strip().splitlines()
    x, scale = (np.array(line.split(), float) for line in lines[:2])
    kinds = [int(pid) for pid in lines[2].split()]
    values = np.array([line.split() for line in lines[3:]], float).reshape(x.size, scale.size, len(kinds))

    def density(column: Floats) -> Callable[[Floats, Floats], Floats]:
        spline = RectBivariateSpline(np.log(x), np.log(scale), column)
        return lambda at, q: np.asarray(spline.ev(np.log(at), np.log(q)))

    return {pid: density(values[:, :, row]) for row, pid in enumerate(kinds)}


@dataclass(frozen=True)
class Scattering:
    """What two partons make.

    Attributes:
        pids: PDG ids of both outgoing partons.
        weight: cross section of a cell, arbitrary unit, [pT, rapidity of the first parton, of the second].
    """

    pids: tuple[int, int]
    weight: Floats


@dataclass(frozen=True)
class Grid:
    """Cells of transverse momentum (GeV), even in its logarithm, and of both rapidities."""

    pt: Floats
    rapidity: Floats


def grid(energy: float, pt: tuple[float, float]) -> Grid:
    """All of the phase space of collisions of `energy` (GeV) with pT in a range (GeV)."""
    edges = np.geomspace(*pt, 21)
    reach = np.arccosh(energy / 2 / pt[0])
    rapidity = np.linspace(-reach, reach, 101)
    return Grid(np.sqrt(edges[1:] * edges[:-1]), (rapidity[1:] + rapidity[:-1]) / 2)


def scatterings(energy: float, cells: Grid, power: float = 0.0) -> Iterator[Scattering]:
    """All scatterings of QCD 2→2, weighted with (pT)^power; both scales are pT, alpha_s runs at one loop.

    Cells of two like partons count half, because every final state is there twice.
    """
    pt = cells.pt[:, None, None]
    first, second = cells.rapidity[None, :, None], cells.rapidity[None, None, :]
    x1 = pt / energy * (np.exp(first) + np.exp(second))
    x2 = pt / energy * (np.exp(-first) + np.exp(-second))
    possible = (x1 < 1) & (x2 < 1)
    x1, x2 = np.where(possible, x1, 0.5), np.where(possible, x2, 0.5)
    s = pt**2 * (2 + np.exp(first - second) + np.exp(second - first))
    t, u = -(pt**2) * (1 + np.exp(second - first)), -(pt**2) * (1 + np.exp(first - second))
    alpha = _ALPHA_S / (1 + _ALPHA_S * (33 - 2 * 5) / (12 * np.pi) * np.log(pt**2 / _Z_MASS**2))
    # dσ = Σ x1 f1 x2 f2 |M|² αs² π / ŝ² dpT² dy dy, and dpT² = 2 pT² dlnpT
    common = possible * alpha**2 * pt ** (2 + power) / s**2
    q = np.broadcast_to(pt, x1.shape)
    one, two = ({pid: f(x, q) for pid, f in densities().items() if pid != 22} for x in (x1, x2))

    yield Scattering(
        (GLUON, GLUON), common * one[GLUON] * two[GLUON] * 9 / 4 * (3 - t * u / s**2 - s * u / t**2 - s * t / u**2)
    )
    new_pair = (t**2 + u**2) * (1 / (6 * t * u) - 3 / (8 * s**2))
    annihilation = 4 / 9 * (t**2 + u**2) / s**2
    quarks = [sign * pid for pid in _QUARKS for sign in (1, -1)]
    pairs = sum(one[pid] * two[-pid] for pid in quarks)
    two_gluons = (t**2 + u**2) * (32 / (27 * t * u) - 8 / (3 * s**2))
    yield Scattering((GLUON, GLUON), common * pairs / 2 * two_gluons)
    for pid in _QUARKS:
        others = pairs - one[pid] * two[-pid] - one[-pid] * two[pid]
        yield Scattering((pid, -pid), common * (one[GLUON] * two[GLUON] * new_pair + others * annihilation))
    for pid in quarks:
        # the quark is the first outgoing parton; it comes from either proton
        yield Scattering((pid, GLUON), common * one[pid] * two[GLUON] * _compton(s, t, u))
        yield Scattering((pid, GLUON), common * one[GLUON] * two[pid] * _compton(s, u, t))
        for other in quarks:
            square = 4 / 9 * (s**2 + u**2) / t**2
            if other == pid:
                square = (square + 4 / 9 * (s**2 + t**2) / u**2 - 8 / 27 * s**2 / (u * t)) / 2
            elif other == -pid:
                square = square + annihilation - 8 / 27 * u**2 / (s * t)
            yield Scattering((pid, other), common * one[pid] * two[other] * square)


def _compton(s: Floats, t: Floats, u: Floats) -> Floats:
    """Quark and gluon; t is the squared momentum that the quark loses."""
    return np.asarray((s**2 + u**2) / t**2 - 4 / 9 * (s**2 + u**2) / (s * u))


def quark_gluon_share(energy: float, pt: tuple[float, float], power: float, event_class: str) -> float:
    """Share of qg→qg of the scatterings that a class of jets comes from.

    Args:
        energy: of the collision (GeV).
        pt: range of the transverse momentum (GeV).
        power: scatterings are weighted with pT to this power.
        event_class: "qcd" for all; "q" for those with a u, d or s quark, "g" for those with a gluon (`processes.py`).
    """
    total = {0: 0.0, 1: 0.0, 2: 0.0}
    for scattering in scatterings(energy, grid(energy, pt), power):
        heavy_pair = scattering.pids[0] == -scattering.pids[1] and abs(scattering.pids[0]) > 3
        gluons = scattering.pids.count(GLUON)
        if event_class == "qcd" or not heavy_pair:
            total[gluons] += float(scattering.weight.sum())
    asked = {"qcd": (0, 1, 2), "q": (0, 1), "g": (1, 2)}[event_class]
    return total[1] / sum(total[gluons] for gluons in asked)


def forward_area(energy: float, pt: tuple[float, float], power: float, rapidity: float) -> float:
    """Area under the ROC curve of |y| between light quarks and gluons with |y| below `rapidity`."""
    cells = grid(energy, pt)
    inside = np.abs(cells.rapidity) < rapidity
    seen = {name: np.zeros(cells.rapidity.size) for name in "qg"}
    for scattering in scatterings(energy, cells, power):
        for pid, axes in zip(scattering.pids, ((0, 2), (0, 1)), strict=True):
            name = "g" if pid == GLUON else "q" if abs(pid) <= 3 else ""
            if name:
                seen[name] += scattering.weight.sum(axis=axes)
    distance = np.round(np.abs(cells.rapidity[inside]), 9)
    quark, gluon = (seen[name][inside] / seen[name][inside].sum() for name in "qg")
    further = (distance[:, None] > distance) + 0.5 * (distance[:, None] == distance)
    return float((quark[:, None] * gluon * further).sum())
