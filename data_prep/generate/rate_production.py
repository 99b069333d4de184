"""Events weighted by cross section, and all their jets, for trigger rates.

An event of weight w (pb) stands for w · L collisions a second at a luminosity L. Minimum-bias collisions and hard QCD
scatterings overlap, since the former hold scatterings of any scale: a minimum-bias collision whose hardest scattering
lies above the lower edge of the hard sample is not counted (the recipe of Pythia's `main322`, arXiv:2203.11601).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from data_prep.errors import PipelineError
from data_prep.generate.detector import respond
from data_prep.generate.events import EventGenerator, Floats, Ints
from data_prep.generate.jets import SimulatedJets, concatenate, find_jets
from data_prep.generate.processes import MINIMUM_BIAS, PROCESSES, Process
from data_prep.generate.rate_settings import MINIMUM_BIAS_NAME, RateSettings
from data_prep.generate.seeds import Purpose, detector_random, pythia_seed
from data_prep.generate.truth import Origins, find_origins

BATCH = 100
"""Events simulated at once; the result depends on it, so it is no setting."""
JETS_MAX = 4
"""Number of jets of an event that are selected from, the hardest."""


@dataclass(frozen=True)
class Resonances:
    """Hadronic resonances, event by event, whether a jet contains them or not.

    Attributes:
        offsets: where each event's resonances start, [events + 1].
        pid: |PDG id|, [resonances].
        pt, eta, phi: of the sum of its quarks before they radiate (GeV, radians), [resonances].
    """

    offsets: Ints
    pid: Ints
    pt: Floats
    eta: Floats
    phi: Floats

    @classmethod
    def of(cls, origins: Sequence[Origins], process: Process) -> Resonances:
        """The resonances of concatenated batches of events; none where the process has no resonance."""
        pid = np.concatenate([batch.pid for batch in origins])
        exists = (pid != 0) & bool(process.resonances)
        columns = [np.concatenate([getattr(batch, name) for batch in origins])[exists] for name in ("pt", "eta", "phi")]
        return cls(np.append(0, np.cumsum(exists.sum(axis=1))), pid[exists], *columns)


@dataclass(frozen=True)
class WeightedEvents:
    """The events of a file, with all their jets in the window.

    Attributes:
        jets: all jets; in a signal the `pid` is 0 for a jet without a resonance. `jets.event` is the row below.
        identifier: process code · 2⁵⁶ + file · 2³² + number of the event, [events].
        weight: cross section that the event represents (pb), [events]; 0 for a collision that `qcd` covers.
        pt_hat: transverse momentum of the hardest scattering (GeV), [events].
        resonances: all generated ones, of all events; background has none.
    """

    jets: SimulatedJets
    identifier: Ints
    weight: Floats
    pt_hat: Floats
    resonances: Resonances


def process_of(name: str) -> Process:
    """The process of a name in the configuration."""
    return MINIMUM_BIAS if name == MINIMUM_BIAS_NAME else PROCESSES[name]


def make_weighted_events(
    settings: RateSettings,
    name: str,
    index: int,
    number: int,
    advance: Callable[[int], None],
) -> WeightedEvents:
    """Simulate the events of one file.

    Args:
        settings: the run.
        name: the process.
        index: the file's number within the process.
        number: events to simulate.
        advance: called with numbers of events.

    Returns:
        the events. The weights of all files of a process add up to its cross section; those of minimum bias to that of
        the collisions that `qcd` does not cover.

    Raises:
        PipelineError: when Pythia cannot start.
    """
    soft = name == MINIMUM_BIAS_NAME
    process = process_of(name)
    seed_arguments = settings.seed, Purpose.EVENTS, process.code, index
    generator = EventGenerator(process, settings, settings.scale(name), pythia_seed(*seed_arguments))
    rng = detector_random(*seed_arguments)
    jets: list[SimulatedJets] = []
    resonances: list[Origins] = []
    weight: list[Floats] = []
    pt_hat: list[Floats] = []
    simulated = 0
    while simulated < number:
        events = generator.batch(min(BATCH, number - simulated))
        candidates = respond(events, settings.detector, rng)
        origins = find_origins(events, process)
        batch_jets = find_jets(
            candidates,
            events.number,
            origins,
            process,
            settings.jets,
            settings.soft_drop,
            jets_max=JETS_MAX,
            keep_unmatched=True,
        )
        jets.append(replace(batch_jets, event=batch_jets.event + simulated))
        resonances.append(origins)
        weight.append(events.weight)
        pt_hat.append(events.pt_hat)
        simulated += events.number
        advance(events.number)
    weights, scales = np.concatenate(weight), np.concatenate(pt_hat)
    if not weights.sum() > 0:
        raise PipelineError(f"process {name}: its events have no weight", remedy="check pt_hat and collision_energy")
    weights *= generator.cross_section * number / settings.sizes[name] / weights.sum()
    if soft and settings.hardest_soft is not None:
        weights[scales >= settings.hardest_soft] = 0
    identifier = (process.code << 56) + (index << 32) + np.arange(number, dtype=np.int64)
    return WeightedEvents(concatenate(jets), identifier, weights, scales, Resonances.of(resonances, process))
