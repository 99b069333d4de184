"""The energy that the detector sees of a jet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.simulation.samples import as_candidates, axis, demonstration, jets_of, simulated
from benchmarks.simulation.table import Check, compared
from data_prep.generate.detector import respond
from data_prep.generate.particles import visible_particles
from data_prep.generate.processes import hard_process
from data_prep.generate.truth import delta_r

CLASSES = ("q", "g", "w", "z", "t")


def responses(number: int) -> Iterator[Check]:
    """The pT of jets over that of the particle jet in the same place."""
    for name in CLASSES:
        settings = demonstration(classes=[name])
        process = hard_process(name, settings.dijets)
        wide = settings.jets.model_copy(update={"pt": (300.0, 5000.0)})
        rng = np.random.default_rng(1)
        ratios: list[float] = []
        for events in simulated(process, settings, number):
            true = jets_of(events, as_candidates(visible_particles(events, settings.detector)), process, settings.jets)
            seen = jets_of(events, respond(events, settings.detector, rng), process, wide)
            pt, eta, phi = axis(true)
            seen_pt, seen_eta, seen_phi = axis(seen)
            for row in range(pt.size):
                near = delta_r(seen_eta, seen_phi, eta[row], phi[row]) < 0.3
                ratios += (seen_pt / pt[row])[near & (seen.event == true.event[row])][:1].tolist()
        ratio = np.array(ratios)
        yield compared(
            f"jet pT over that of its visible particles, {name}",
            (float(ratio.mean()), float(ratio.std() / np.sqrt(ratio.size))),
            (1.0, 0.0),
            "after calibration; ours is not calibrated",
            digits=3,
        )
        if name in ("q", "g"):
            low, high = np.quantile(ratio, [0.16, 0.84])
            # of the quantiles of a normal distribution, 1.5 % more than that of its standard deviation
            error = (high - low) / 2 * 1.2 / np.sqrt(2 * ratio.size)
            yield Check(
                f"spread of it, half the distance of the quantiles 0.16 and 0.84, {name}",
                f"{50 * (high - low):.2f} ± {100 * error:.2f} %",
                "8 % at 100 GeV, 4 % at 1 TeV (CMS, arXiv:1607.03663)",
                "between both" if 0.04 < (high - low) / 2 < 0.08 else "not between both",
            )
