"""The production: shards of one class each, on all cores, going on where an interrupted run stopped."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from types import FrameType

import numpy as np

from data_prep.deaf_processes import start
from data_prep.errors import PipelineError
from data_prep.generate.detector import respond
from data_prep.generate.event_production import make_events
from data_prep.generate.events import EventGenerator, Ints
from data_prep.generate.jets import Jets, concatenate, find_jets
from data_prep.generate.processes import PROCESSES
from data_prep.generate.rate_production import make_weighted_events, process_of
from data_prep.generate.rate_settings import RateSettings
from data_prep.generate.settings import EventSettings, GenerateSettings
from data_prep.generate.truth import find_origins
from data_prep.generate.writer import write_events, write_jets, write_weighted_events

Sample = GenerateSettings | EventSettings | RateSettings
"""What can be produced."""
BATCH = 100
"""Events simulated at once; the result depends on it, so it is no setting."""
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


def seeds(settings: Sample, shard: Shard) -> tuple[int, int]:
    """The seeds of a shard's events and of its detector: a hash of the run's seed, the class and the number."""
    digest = hashlib.sha256(f"{settings.seed}/{shard.name}/{shard.index}".encode()).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")


def make_jets(settings: GenerateSettings, shard: Shard, advance: Callable[[int], None]) -> tuple[Jets, Ints]:
    """Simulate one shard.

    Returns:
        the jets, exactly as many as asked for, and the identifier of each jet's event: class code · 2⁵⁶ + shard · 2³² +
        event, the same for both jets of an event.

    Raises:
        PipelineError: when hardly any event has a jet that passes the selection.
    """
    process = PROCESSES[shard.name]
    event_seed, detector_seed = seeds(settings, shard)
    generator = EventGenerator(process, settings, settings, event_seed)
    rng = np.random.default_rng(detector_seed)
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
        events = make_weighted_events(settings, shard.name, shard.index, shard.size, seeds(settings, shard), advance)
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
    """Work through the shards; every process takes the next one that nobody has taken.

    A process reports numbers of jets or events and, at most once, what went wrong.
    """
    context = multiprocessing.get_context("spawn")
    reports: Queue[int | Exception] = context.Queue()
    taken = context.Value("q", 0)
    arguments = (settings, folder, taken, reports, os.getpid())
    workers = [context.Process(target=_work, args=arguments, daemon=True) for _ in range(processes)]
    try:
        with _noting_interruptions() as noted:
            start(workers)
            running = True
            while running:
                if noted:
                    raise KeyboardInterrupt
                running = any(worker.is_alive() for worker in workers)
                ended = [worker for worker in workers if worker.exitcode]
                for report in _waiting(reports, timeout=0.2 if running and not ended else 0.0):
                    if isinstance(report, Exception):
                        raise report
                    advance(report)
                if ended:
                    raise PipelineError(
                        f"a simulation process ended unexpectedly (exit code {ended[0].exitcode})",
                        remedy="it may have run out of memory; run the same command to go on",
                    )
            if noted:
                raise KeyboardInterrupt
    finally:
        started = [worker for worker in workers if worker.pid is not None]
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.join()
        reports.close()


def _waiting(reports: Queue[int | Exception], timeout: float) -> Iterator[int | Exception]:
    """The reports that are there; waits for the first one."""
    try:
        yield reports.get(timeout=timeout)
        while True:
            yield reports.get_nowait()
    except queue.Empty:
        return


@contextmanager
def _noting_interruptions() -> Iterator[list[int]]:
    """Note SIGINT and SIGTERM where they cannot be lost in the middle of something; a second one stops at once."""
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    handlers = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _work(
    settings: Sample,
    folder: Path,
    taken: Synchronized[int],
    reports: Queue[int | Exception],
    parent: int,
) -> None:
    """What one process does. Libraries' banners do not reach the terminal."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def advance(count: int) -> None:
        if os.getppid() != parent:
            os._exit(1)  # the parent was killed; nobody waits for the rest
        reports.put(count)

    todo = shards(settings)
    try:
        while True:
            with taken:
                index = taken.value
                taken.value += 1
            if index >= len(todo):
                return
            if not (folder / todo[index].file).exists():
                make_shard(settings, todo[index], folder, advance)
    except (PipelineError, OSError) as error:
        reports.put(error)
