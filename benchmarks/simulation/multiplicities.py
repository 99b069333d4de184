"""Charged particles in jets, as ATLAS counted them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.simulation.samples import as_candidates, axis, demonstration, jets_of, simulated
from benchmarks.simulation.table import Check, compared
from data_prep.generate.particles import visible_particles
from data_prep.generate.processes import QCD
from data_prep.generate.settings import JetSettings

ATLAS = {
    (200, 300): ((12.542, 0.124), (0.713, 0.058)),
    (600, 800): ((16.779, 0.167), (1.005, 0.084)),
    (1000, 1200): ((18.574, 0.177), (0.632, 0.160)),
}
"""By jet pT (GeV), both jets, and the more central less the more forward one, with the mean of upper and lower errors:
arXiv:1602.00988, doi:10.17182/hepdata.72257, tables 10 and 7."""


def multiplicities(number: int) -> Iterator[Check]:
    """Particles above 0.5 GeV in the two leading jets, R = 0.4, |η| < 2.1, 8 TeV, pT within a factor of 1.5."""
    window = JetSettings(radius=0.4, pt=(50, 5000), eta_max=2.1)
    for edges, (measured_mean, measured_gap) in ATLAS.items():
        settings = demonstration(collision_energy=8000.0, pt_hat=[0.75 * edges[0], 1.6 * edges[1]])
        counted: list[list[tuple[float, float]]] = [[], []]
        for events in simulated(QCD, settings, 2 * number):
            particles = as_candidates(visible_particles(events, settings.detector))
            jets = jets_of(events, particles, QCD, window, keep_unmatched=True)
            pt, eta, _ = axis(jets)
            charged = (jets.constituents.charge != 0) & (np.hypot(jets.constituents.px, jets.constituents.py) > 0.5)
            sizes = np.add.reduceat(charged, jets.offsets[:-1])
            first = np.flatnonzero((np.diff(jets.event, prepend=-1) > 0) & (np.diff(jets.event, append=-1) == 0))
            for row in first[pt[first] < 1.5 * pt[first + 1]]:
                pair = sorted((row, row + 1), key=lambda candidate: abs(eta[candidate]))
                for side, jet in enumerate(pair):
                    if edges[0] <= pt[jet] < edges[1]:
                        counted[side].append((sizes[jet], events.weight[jets.event[jet]]))
        value, error = np.zeros(2), np.zeros(2)
        for side, pairs in enumerate(counted):
            size, weight = np.array(pairs).T
            value[side] = np.average(size, weights=weight)
            error[side] = np.sqrt((weight**2 * (size - value[side]) ** 2).sum()) / weight.sum()
        where = f"in jets of {edges[0]} to {edges[1]} GeV"
        combined = float(np.hypot(*error))
        source = "ATLAS, arXiv:1602.00988"
        yield compared(f"charged particles {where}", (float(value.mean()), combined / 2), measured_mean, source)
        yield compared(
            f"the more central less the more forward jet, charged particles {where}",
            (float(value[0] - value[1]), combined),
            measured_gap,
            source,
        )
