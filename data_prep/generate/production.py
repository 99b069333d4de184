"""The production: files (shards) of one class each, on all cores; an interrupted run is continued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from data_prep.errors import PipelineError
from data_prep.generate.detector import respond
from data_prep.generate.event_production import make_events
from data_prep.generate.events import EventGenerator, Ints
from data_prep.generate.jets import SimulatedJets, concatenate, find_jets
from data_prep.generate.pool import make_all
from data_prep.generate.processes import PROCESSES, hard_process
from data_prep.generate.rate_production import make_weighted_events, process_of
from data_prep.generate.rate_settings import RateSettings
from data_prep.generate.seeds import Purpose, detector_random, pythia_seed
from data_prep.generate.settings import EventSettings, GenerateSettings
from data_prep.generate.truth import find_origins
from data_prep.generate.writer import write_events, write_jets, write_weighted_events

Sample = GenerateSettings | EventSettings | RateSettings
"""The settings of a sample."""
BATCH = 100
"""Events simulated at once; the result depends on it, so it is no setting."""
PATIENCE = 2000
"""Number of events after which the yield of a shard is checked."""
YIELD_MIN = 1e-3
"""Smallest yield, in jets per event; below it the selection is taken to be impossible."""


@dataclass(frozen=True)
class Shard:
    """One file: a class, a number within the class, and the number of its jets or events."""

    name: str
    index: int
    size: int

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}_{self.index:05d}.root"


def shards(settings: Sample) -> list[Shard]:
    """All files of a run. The classes alternate, so that an interrupted run has files of each."""
    starts = range(0, max(settings.sizes.values()), settings.shard_size)
    return [
        Shard(name, index, min(settings.shard_size, size - start))
        for index, start in enumerate(starts)
        for name, size in settings.sizes.items()
        if start < size
    ]


def make_jets(settings: GenerateSettings, shard: Shard, advance: Callable[[int], None]) -> tuple[SimulatedJets, Ints]:
    """Simulate one shard.

    Returns:
        the jets, exactly `shard.size`, and the identifier of each jet's event: class code · 2⁵⁶ + shard · 2³² + event,
        the same for both jets of an event.

    Raises:
        PipelineError: when hardly any event has a jet that passes the selection.
    """
    process = hard_process(shard.name, settings.dijets)
    seed_arguments = settings.seed, Purpose.EVENTS, process.code, shard.index
    generator = EventGenerator(process, settings, settings, pythia_seed(*seed_arguments))
    rng = detector_random(*seed_arguments)
    batches: list[SimulatedJets] = []
    selected, simulated = 0, 0
    while selected < shard.size:
        events = generator.batch(BATCH)
        candidates = respond(events, settings.detector, rng)
        origins = find_origins(events, process)
        jets = find_jets(candidates, events.number, origins, process, settings.jets, settings.soft_drop)
        batches.append(replace(jets, event=jets.event + simulated))
        advance(min(len(jets.event), shard.size - selected))
        selected += len(jets.event)
        simulated += BATCH
        if simulated >= PATIENCE and selected < YIELD_MIN * simulated:
            raise PipelineError(
                f"class {shard.name}: {selected} jets in {simulated} events pass the selection",
                remedy="bring pt_hat and jets.pt together, or widen jets.eta_max",
            )
    jets = concatenate(batches, shard.size)
    return jets, (process.code << 56) + (shard.index << 32) + jets.event


def make_shard(settings: Sample, shard: Shard, folder: Path, advance: Callable[[int], None]) -> None:
    """Simulate one shard and write its file into a folder."""
    if isinstance(settings, EventSettings):
        write_events(folder / shard.file, make_events(settings, shard.name, shard.index, shard.size, advance))
        return
    if isinstance(settings, RateSettings):
        events = make_weighted_events(settings, shard.name, shard.index, shard.size, advance)
        label = process_of(shard.name).label
        write_weighted_events(folder / shard.file, events, label, settings.jets.constituents_max)
        return
    jets, event = make_jets(settings, shard, advance)
    label = PROCESSES[shard.name].label
    write_jets(folder / shard.file, jets, event, label, settings.jets.constituents_max)


def produce(settings: Sample, folder: Path, processes: int, advance: Callable[[int], None]) -> list[Path]:
    """Make every file of a run that the folder does not hold yet.

    The files depend on the settings only, not on the number of processes. On any exception, `KeyboardInterrupt`
    included, the processes are ended at once; complete files stay.

    Args:
        settings: the run.
        folder: an existing folder.
        processes: worker processes.
        advance: called with numbers of jets or events, also for the files that exist already.

    Returns:
        all files of the run, by class and number.

    Raises:
        PipelineError: when a selection is impossible, a file cannot be written or a process was killed.
    """
    make_all(make_shard, settings, shards(settings), folder, processes, advance)
    return [folder / shard.file for shard in sorted(shards(settings), key=lambda s: (s.name, s.index))]
