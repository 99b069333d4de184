"""The production: shards of one class each, on all cores, going on where an interrupted run stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

from data_prep.errors import PipelineError
from data_prep.generate.detector import respond
from data_prep.generate.event_production import make_events
from data_prep.generate.events import EventGenerator, Ints
from data_prep.generate.jets import Jets, concatenate, find_jets
from data_prep.generate.processes import PROCESSES
from data_prep.generate.rate_production import make_weighted_events, process_of
from data_prep.generate.rate_settings import RateSettings
from data_prep.generate.seeds import Purpose, detector_random, pythia_seed
from data_prep.generate.settings import EventSettings, GenerateSettings
from data_prep.generate.truth import find_origins
from data_prep.generate.writer import write_events, write_jets, write_weighted_events
from data_prep.machine import MachineError, ending, lack_of_end
from data_prep.worker import Worker, as_sent

Sample = GenerateSettings | EventSettings | RateSettings
"""What can be produced."""
BATCH = 100
"""Events simulated at once; the result depends on it, so it is no setting."""
_LESS = "use fewer --workers"
PATIENCE = 2000
"""After so many events a shard must yield …"""
YIELD_MIN = 1e-3
"""… at least this many jets an event, or the selection is taken to be impossible."""


@dataclass(frozen=True)
class Shard:
    """One file: a class, a number within the class, and how many jets or events it holds."""

    name: str
    index: int
    size: int

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}_{self.index:05d}.root"


def shards(settings: Sample) -> list[Shard]:
    """All files of a run. The classes take turns, so that an interrupted run has some of each."""
    starts = range(0, max(settings.sizes.values()), settings.shard_size)
    return [
        Shard(name, index, min(settings.shard_size, size - start))
        for index, start in enumerate(starts)
        for name, size in settings.sizes.items()
        if start < size
    ]


def make_jets(settings: GenerateSettings, shard: Shard, advance: Callable[[int], None]) -> tuple[Jets, Ints]:
    """Simulate one shard.

    Returns:
        the jets, exactly as many as asked for, and the identifier of each jet's event: class code · 2⁵⁶ + shard · 2³² +
        event, the same for both jets of an event.

    Raises:
        PipelineError: when hardly any event has a jet that passes the selection.
    """
    process = PROCESSES[shard.name]
    place = settings.seed, Purpose.EVENTS, process.code, shard.index
    generator = EventGenerator(process, settings, settings, pythia_seed(*place))
    rng = detector_random(*place)
    parts: list[Jets] = []
    found, simulated = 0, 0
    while found < shard.size:
        events = generator.batch(BATCH)
        candidates = respond(events, settings.detector, rng)
        origins = find_origins(events, process)
        jets = find_jets(candidates, events.number, origins, process, settings.jets, settings.soft_drop)
        parts.append(replace(jets, event=jets.event + simulated))
        advance(min(len(jets.event), shard.size - found))
        found += len(jets.event)
        simulated += BATCH
        if simulated >= PATIENCE and found < YIELD_MIN * simulated:
            raise PipelineError(
                f"class {shard.name}: {found} jets in {simulated} events pass the selection",
                remedy="bring pt_hat and jets.pt together, or widen jets.eta_max",
            )
    jets = concatenate(parts, shard.size)
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
        advance: called with numbers of jets or events, also for the files that are there already.

    Returns:
        all files of the run, by class and number.

    Raises:
        PipelineError: when a selection is impossible, a file cannot be written or a process was killed.
    """
    missing = 0
    for shard in shards(settings):
        if (folder / shard.file).exists():
            advance(shard.size)
        else:
            missing += 1
    if missing:
        _run(settings, folder, min(processes, missing), advance)
    return [folder / shard.file for shard in sorted(shards(settings), key=lambda s: (s.name, s.index))]


def _run(settings: Sample, folder: Path, processes: int, advance: Callable[[int], None]) -> None:
    """Work through the shards; every process that is free gets the next one.

    A process reports numbers of jets or events, `None` when it has nothing to do and, at most once, what went wrong.
    """
    todo = iter([index for index, shard in enumerate(shards(settings)) if not (folder / shard.file).exists()])
    workers: list[Worker] = []
    try:
        for number in range(processes):
            workers.append(Worker(f"worker {number + 1}", _work, settings, folder))
        running = {worker.pipe: worker for worker in workers}
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)  # noqa: S101 - nothing else was given
                report = _report(pipe, running[pipe])
                if isinstance(report, int):
                    advance(report)
                    continue
                index = next(todo, None)
                with suppress(OSError):  # it has ended, which is noticed when its report is waited for
                    pipe.send(index)
                if index is None:
                    del running[pipe]
    finally:
        for worker in workers:
            worker.end()


def _report(pipe: Connection, worker: Worker) -> int | None:
    """What a process reports.

    Raises:
        PipelineError: what went wrong in it, or that it ended.
    """
    try:
        report = pipe.recv()
    except (EOFError, OSError):
        code, said = worker.buried()
        remedy = "run the same command to go on"
        if (lack := lack_of_end(code, said)) is not None:
            remedy = f"{lack.advice(_LESS)}; {remedy}"
        raise PipelineError(f"{worker.name} {ending(code, said)}", remedy=remedy) from None
    if isinstance(report, MachineError):
        raise report.asking(_LESS)
    if isinstance(report, Exception):
        raise report
    return None if report is None else int(report)


def _work(pipe: Connection, settings: Sample, folder: Path) -> None:
    """What one process does."""
    todo = shards(settings)
    try:
        while True:
            pipe.send(None)
            index = pipe.recv()
            if index is None:
                return
            make_shard(settings, todo[index], folder, pipe.send)
    except Exception as error:  # noqa: BLE001 - it is raised again where it is received
        pipe.send(as_sent(error))
