"""Whole events: a hard collision with pileup, its towers and tracks, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from data_prep.events.truth import PILEUP_SOURCE
from data_prep.generate.deposits import Deposits, deposit
from data_prep.generate.events import EventGenerator, Ints
from data_prep.generate.minimum_bias import MinimumBias, generator, joined
from data_prep.generate.particles import visible_particles
from data_prep.generate.processes import hard_process
from data_prep.generate.seeds import Purpose, detector_random, pythia_seed
from data_prep.generate.settings import EventSettings
from data_prep.generate.truth import find_origins
from data_prep.generate.truth_jets import TruthJets, find_truth_jets

BATCH = 20
"""Events simulated at once; the result depends on it, so it is no setting."""


@dataclass(frozen=True)
class SimulatedEvents:
    """The events of a file.

    Attributes:
        event: identifiers, [events]: class code · 2⁵⁶ + file · 2³² + number.
        pileup: number of pileup interactions, [events].
        library: the library that they are drawn from, [events]: the identifier of the first event that shares it.
        jets: the truth jets.
        deposits: in the towers.
    """

    event: Ints
    pileup: Ints
    library: Ints
    jets: TruthJets
    deposits: Deposits


def make_events(
    settings: EventSettings, name: str, index: int, number: int, advance: Callable[[int], None]
) -> SimulatedEvents:
    """Simulate the events of one file.

    Args:
        settings: the run.
        name: the class.
        index: the file's number within the class.
        number: of events in it.
        advance: called with numbers of events.

    Raises:
        PipelineError: when Pythia cannot start.
    """
    process = hard_process(name, "pure")
    hard_seed, soft_seed = (
        pythia_seed(settings.seed, purpose, process.code, index) for purpose in (Purpose.EVENTS, Purpose.PILEUP)
    )
    rng = detector_random(settings.seed, Purpose.EVENTS, process.code, index)
    pileup_mean = settings.pileup.mean
    collisions = generator(settings, soft_seed) if pileup_mean else None
    library: MinimumBias | None = None
    shared = settings.pileup.share if pileup_mean else 1
    hard = EventGenerator(process, settings, settings, hard_seed)
    jets: list[TruthJets] = []
    deposits: list[Deposits] = []
    pileup: list[Ints] = []
    simulated = 0
    while simulated < number:
        if collisions is not None and simulated % shared == 0:
            library = MinimumBias.simulate(collisions, settings.pileup.library, settings)
        until_next_library = shared - simulated % shared if pileup_mean else BATCH
        events = hard.batch(min(BATCH, until_next_library, number - simulated))
        particles = visible_particles(events, settings.detector)
        truth_jets, source = find_truth_jets(
            particles, events.number, find_origins(events, process), process, settings.jets
        )
        drawn = rng.poisson(pileup_mean, events.number)
        if library is not None:
            soft = library.draw(drawn, settings.pileup.vertex_spread, rng)
            particles = joined([particles, soft])
            source = np.concatenate([source, np.full(soft.pt.size, PILEUP_SOURCE)])
        deposits.append(deposit(particles, source, events.number, settings.detector, settings.tracks, rng))
        jets.append(truth_jets)
        pileup.append(drawn)
        simulated += events.number
        advance(events.number)
    counted = np.arange(number, dtype=np.int64)
    first_identifier = (process.code << 56) + (index << 32)
    return SimulatedEvents(
        event=first_identifier + counted,
        pileup=np.concatenate(pileup),
        library=first_identifier + counted // shared * shared,
        jets=TruthJets(**_joined(jets)),
        deposits=Deposits(**_joined(deposits)),
    )


def _joined(batches: Sequence[TruthJets] | Sequence[Deposits]) -> dict[str, Any]:
    """The concatenated columns of batches."""
    sizes = np.concatenate([np.diff(batch.offsets) for batch in batches])
    columns = {
        field.name: np.concatenate([getattr(batch, field.name) for batch in batches])
        for field in fields(batches[0])
        if field.name != "offsets"
    }
    return columns | {"offsets": np.concatenate([[0], np.cumsum(sizes)])}
