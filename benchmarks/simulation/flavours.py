"""Charm and beauty of minimum bias, against LHCb and TOTEM."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from benchmarks.simulation.samples import BATCH, demonstration
from benchmarks.simulation.table import Check, compared
from data_prep.generate.events import EventGenerator, EventRecords, Ints
from data_prep.generate.processes import MINIMUM_BIAS

D_MESONS = {"D⁰": (421, 2072.0, 124.0), "D⁺": (411, 834.0, 78.0)}
"""|PDG id|, cross section and error (µb) with 1 < pT < 8 GeV, 2 < y < 4.5, both charges: arXiv:1510.01707, erratum."""
BEAUTY = 144.0, 21.0
"""µb of b quarks with 2 < η < 5: arXiv:1612.05140, erratum."""
_WEAKLY_DECAYING = (511, 521, 531, 541, 5122, 5132, 5232, 5332)
_ANCESTORS = 6


def has_beauty(pid: Ints) -> npt.NDArray[np.bool_]:
    """Which are hadrons with a b quark, by the digits of their PDG ids."""
    absolute = np.abs(pid)
    return (absolute > 100) & (absolute < 10**6) & (((absolute // 100) % 10 == 5) | ((absolute // 1000) % 10 == 5))


def counted(events: EventRecords) -> tuple[npt.NDArray[np.int64], int]:
    """D mesons that do not come from beauty, a number each, and hadrons with beauty, on both sides of the detector."""
    pt = np.hypot(events.px, events.py)
    along = np.clip(np.divide(events.pz, events.energy, out=np.zeros(pt.size), where=events.energy > 0), -0.999, 0.999)
    rapidity = np.abs(np.arctanh(along))
    region = (pt > 1) & (pt < 8) & (rapidity > 2) & (rapidity < 4.5)
    start = events.first[events.event]
    prompt = np.ones(pt.size, dtype=bool)
    ancestor = np.arange(pt.size)
    for _ in range(_ANCESTORS):
        ancestor = start[ancestor] + events.mother[ancestor]
        prompt &= ~has_beauty(events.pid[ancestor])
    absolute = np.abs(events.pid)
    charm = [int((region & prompt & (absolute == pid)).sum()) for pid, _, _ in D_MESONS.values()]
    # a B that turns into its antiparticle stands there twice
    new = np.isin(absolute, _WEAKLY_DECAYING) & (absolute != np.abs(events.pid[start + events.mother]))
    eta = np.abs(np.arcsinh(np.divide(events.pz, pt, out=np.zeros(pt.size), where=pt > 0)))
    return np.array(charm), int((new & (eta > 2) & (eta < 5)).sum())


def flavours(number: int) -> Iterator[Check]:
    """Cross sections of minimum bias, and of charm and beauty in it, from 20 collisions for every event asked for."""
    generator = EventGenerator(MINIMUM_BIAS, demonstration(), None, 7)
    charm, beauty, collisions = np.zeros(len(D_MESONS), np.int64), 0, 0
    while collisions < 20 * number:
        events = generator.batch(5 * BATCH)
        here, bottom = counted(events)
        charm, beauty, collisions = charm + here, beauty + bottom, collisions + events.number
    total = generator.cross_section * 1e-9
    yield compared(
        "inelastic cross section, 13 TeV", (total, 0.0), (79.5, 1.8), "TOTEM, arXiv:1712.06153", digits=1, unit=" mb"
    )
    # two sides, of which LHCb sees one
    unit = 1000 * total / collisions / 2
    for (name, (_, measured, error)), mesons in zip(D_MESONS.items(), charm, strict=True):
        yield compared(
            f"prompt {name} of 1 to 8 GeV, 2 < y < 4.5, in minimum bias",
            (mesons * unit, np.sqrt(mesons) * unit),
            (measured, error),
            "LHCb, arXiv:1510.01707",
            digits=0,
            unit=" µb",
        )
    yield compared(
        "b quarks with 2 < η < 5 in minimum bias: half of the b hadrons",
        (beauty * unit / 2, np.sqrt(2 * beauty) * unit / 2),
        BEAUTY,
        "LHCb, arXiv:1612.05140",
        digits=0,
        unit=" µb",
    )
