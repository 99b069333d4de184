"""How often there are jets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.simulation.samples import BATCH, as_candidates, demonstration, jets_of
from benchmarks.simulation.table import Check, compared
from data_prep.generate.detector import respond
from data_prep.generate.events import EventGenerator
from data_prep.generate.particles import visible_particles
from data_prep.generate.processes import QCD
from data_prep.generate.settings import JetSettings, ScaleSettings

CMS_JETS = {
    (153, 174): 21 * (2394.08 + 1852.15 + 1826.74 + 1487.92),
    (430, 548): 38 * (8.53322 + 8.2706 + 5.90759 + 3.83738)
    + 39 * (5.37761 + 4.83175 + 3.54014 + 2.41871)
    + 41 * (3.29987 + 2.92415 + 2.181 + 1.41467),
}
"""pb in a bin of pT (GeV), |y| < 2, R = 0.7: CMS, Eur. Phys. J. C 76 (2016) 451, doi:10.17182/hepdata.73786."""


def ratios_to_cms(number: int) -> dict[tuple[str, tuple[int, int]], tuple[float, float]]:
    """Cross sections of jets over those that CMS measured, with their statistical errors.

    Args:
        number: events for each bin.

    Returns:
        by "like" (R = 0.7, particles) or "shipped" (R = 0.8, detector), and by the bin in pT.
    """
    settings = demonstration()
    windows = {
        name: JetSettings(radius=r, pt=(100, 5000), eta_max=2.2) for name, r in (("like", 0.7), ("shipped", 0.8))
    }
    ratios = {}
    for edges, measured in CMS_JETS.items():
        scale = ScaleSettings(pt_hat=(0.6 * edges[0], 2 * edges[1]), pt_hat_power=5)
        generator, rng = EventGenerator(QCD, settings, scale, 3), np.random.default_rng(1)
        total, weights = 0.0, {name: np.zeros(0) for name in windows}
        for _ in range(-(-number // BATCH)):
            events = generator.batch(BATCH)
            total += float(events.weight.sum())
            seen = {
                "like": as_candidates(visible_particles(events, settings.detector)),
                "shipped": respond(events, settings.detector, rng),
            }
            for name, window in windows.items():
                jets = jets_of(events, seen[name], QCD, window, keep_unmatched=True)
                pt, rapidity = np.hypot(jets.px, jets.py), np.arctanh(jets.pz / jets.energy)
                inside = (pt >= edges[0]) & (pt < edges[1]) & (np.abs(rapidity) < 2)
                weights[name] = np.concatenate([weights[name], events.weight[jets.event][inside]])
        factor = generator.cross_section / total / measured
        for name, weight in weights.items():
            ratios[name, edges] = float(weight.sum() * factor), float(np.sqrt((weight**2).sum()) * factor)
    return ratios


def normalisation(number: int) -> Iterator[Check]:
    """Jets as CMS measured them: like for like, and as they are shipped."""
    for (name, (low, high)), ratio in ratios_to_cms(number).items():
        definition = {"like": "like for like (R = 0.7, particles)", "shipped": "as shipped (R = 0.8, detector)"}[name]
        yield compared(
            f"jets of {low} to {high} GeV, abs(y) < 2, over those measured, {definition}",
            ratio,
            (1.0, 0.0),
            "R = 0.7, particles, CMS, Eur. Phys. J. C 76 (2016) 451",
        )
