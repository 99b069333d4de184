"""Events and jets that the checks are made of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data_prep.generate.detector import CHARGED_HADRON, NEUTRAL_HADRON, ParticleFlowCandidates
from data_prep.generate.events import EventGenerator, EventRecords, Floats
from data_prep.generate.jets import SimulatedJets, find_jets
from data_prep.generate.particles import Particles
from data_prep.generate.processes import Process
from data_prep.generate.settings import GenerateSettings, JetSettings, ScaleSettings
from data_prep.generate.truth import find_origins

BATCH = 100


def demonstration(**changes: object) -> GenerateSettings:
    """Jets as in configs/demo."""
    base = {"classes": ["q"], "jets_per_class": 1, "pt_hat": [370, 1450], "pt_hat_power": 5.5}
    return GenerateSettings.model_validate(base | changes)


def simulated(
    process: Process, settings: GenerateSettings, number: int, seed: int = 7, scale: ScaleSettings | None = None
) -> Iterator[EventRecords]:
    """Batches of events.

    Args:
        process: what happens.
        settings: what is collided.
        number: of events; at least so many.
        seed: of Pythia.
        scale: of the hard scattering, where it is not that of the settings.
    """
    generator = EventGenerator(process, settings, scale or settings, seed)
    for _ in range(-(-number // BATCH)):
        yield generator.batch(BATCH)


def as_candidates(particles: Particles) -> ParticleFlowCandidates:
    """Particles as a perfect detector would see them."""
    zero = np.zeros(particles.pt.size)
    px, py = particles.pt * np.cos(particles.phi), particles.pt * np.sin(particles.phi)
    species = np.where(particles.charge != 0, CHARGED_HADRON, NEUTRAL_HADRON)
    momentum = (px, py, particles.pt * np.sinh(particles.eta), particles.energy)
    return ParticleFlowCandidates(particles.event, *momentum, particles.charge, species, zero, zero, zero, zero)


def jets_of(
    events: EventRecords,
    candidates: ParticleFlowCandidates,
    process: Process,
    jets: JetSettings,
    keep_unmatched: bool = False,
) -> SimulatedJets:
    """The leading jets of events: those of the class among two, or `every` one of four."""
    return find_jets(
        candidates,
        events.number,
        find_origins(events, process),
        process,
        jets,
        demonstration().soft_drop,
        jets_max=4 if keep_unmatched else 2,
        keep_unmatched=keep_unmatched,
    )


def axis(jets: SimulatedJets) -> tuple[Floats, Floats, Floats]:
    """pT, η and φ."""
    pt = np.hypot(jets.px, jets.py)
    return pt, np.arcsinh(jets.pz / pt), np.arctan2(jets.py, jets.px)
