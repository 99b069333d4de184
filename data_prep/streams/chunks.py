"""Chunks of files in the order of their entries, whoever makes them; finished ones are kept, lost ones counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from data_prep.streams.entry_range import EntryRange, ranges
from data_prep.streams.executors import Executor, Task
from data_prep.streams.executors.ordered import in_order
from data_prep.streams.finished_chunks import FinishedChunks
from data_prep.streams.losses import Loss, Losses, Tolerance
from data_prep.system.machine import machine_fault

MOST_WARNINGS = 20
"""Losses that are warned of one by one; all are in the account."""


class ChunkStream:
    """The chunks of some files.

    Args:
        files: the files with their entries.
        size: entries of a chunk.
        task: what makes one.
        finished: chunks of an earlier run.
        losses: the account of what is lost, added to.
        tolerance: what is done about chunks that fail.
        warn: called with each loss.
    """

    def __init__(
        self,
        files: Mapping[Path, int],
        size: int,
        task: Callable[[EntryRange], Task],
        finished: FinishedChunks,
        losses: Losses,
        tolerance: Tolerance,
        warn: Callable[[str], None],
    ) -> None:
        self._files, self._size, self._task = files, size, task
        self._finished, self._losses, self._tolerance, self._warn = finished, losses, tolerance, warn

    def chunks(self, executor: Executor) -> Iterator[tuple[EntryRange, bytes | None]]:
        """Every chunk in its order, with its bytes, None where it is lost.

        Raises:
            Exception: if strict, whatever ended the first chunk that failed.
            MachineError: the machine lacks something, which is no loss of a file.
            ClusterError: the executor fails.
        """
        outcomes = in_order(executor, self._tasks(), self._tolerance.retries)
        for part, outcome in zip(ranges(self._files, self._size), outcomes, strict=True):
            if isinstance(outcome, bytes):
                self._finished.save(part, outcome)
                yield part, outcome
            elif (lacking := machine_fault(outcome)) is not None:
                raise lacking
            elif self._tolerance.strict:
                raise outcome
            else:
                self._lose(Loss.of(outcome, str(part.file), part.start, part.stop))
                yield part, None

    def _tasks(self) -> Iterator[Task | bytes]:
        for part in ranges(self._files, self._size):
            yield self._finished.load(part) or self._task(part)

    def _lose(self, loss: Loss) -> None:
        losses = self._losses.all
        losses.append(loss)
        if len(losses) <= MOST_WARNINGS:
            self._warn(str(loss))
        elif len(losses) == MOST_WARNINGS + 1:
            self._warn("more is lost; further losses are only counted")
