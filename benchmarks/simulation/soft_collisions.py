"""Trigger rates from collisions below the softest of configs/rates. Nothing was published to compare them with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.simulation.samples import BATCH, axis, demonstration, jets_of
from benchmarks.simulation.table import Check
from data_prep.generate.detector import respond
from data_prep.generate.events import EventGenerator
from data_prep.generate.processes import QCD
from data_prep.generate.settings import JetSettings, ScaleSettings


def soft_collisions(number: int) -> Iterator[Check]:
    """Events with a jet above a trigger's threshold, in kHz at 7.5e34 cm⁻² s⁻¹ and 14 TeV."""
    settings = demonstration(collision_energy=14_000.0)
    jets = JetSettings(pt=(100, 5000))
    thresholds = (100, 150, 200)
    for low, high in ((50.0, 4000.0), (40.0, 50.0), (30.0, 40.0), (20.0, 30.0)):
        scale = ScaleSettings(pt_hat=(low, high), pt_hat_power=5)
        generator, rng = EventGenerator(QCD, settings, scale, 3), np.random.default_rng(1)
        total, chosen, squares = 0.0, np.zeros(len(thresholds)), np.zeros(len(thresholds))
        for _ in range(-(-number // BATCH)):
            events = generator.batch(BATCH)
            total += float(events.weight.sum())
            clustered = jets_of(events, respond(events, settings.detector, rng), QCD, jets, keep_unmatched=True)
            hardest = np.zeros(events.number)
            np.maximum.at(hardest, clustered.event, axis(clustered)[0])
            for row, threshold in enumerate(thresholds):
                weight = events.weight[hardest > threshold]
                chosen[row] += weight.sum()
                squares[row] += (weight**2).sum()
        kilohertz = 0.075e-3 * generator.cross_section / total
        for row, threshold in enumerate(thresholds):
            # where no event was found: three of the mean weight, 95 % of the time
            value, error = chosen[row] * kilohertz, np.sqrt(squares[row]) * kilohertz
            yield Check(
                f"events with a jet above {threshold} GeV, pT-hat of {low:g} to {high:g} GeV",
                f"{value:.2f} ± {error:.2f} kHz" if value else f"below {3 * total / number * kilohertz:.2f} kHz (95 %)",
                "",
                "",
            )
