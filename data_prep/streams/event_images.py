"""From files of events to the dataset of event images, in a stream: memory does not grow with the number of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.events.batch import DTYPES, JAGGED, TOWER_CLASSES, EventBatch
from data_prep.events.images import EVENT_REASONS, EventFate, EventImages, event_images
from data_prep.events.settings import EventDescription, EventImagesSettings
from data_prep.events.summary import EventSummary, EventSummaryBuilder
from data_prep.events.truth_cover import require_cover
from data_prep.readers import event_tree, root
from data_prep.store.event_images import EventDatasetWriter
from data_prep.store.packed_arrays import pack, unpack
from data_prep.store.split import SPLITS, split_of
from data_prep.streams.chunks import ChunkStream
from data_prep.streams.cutflow import Cutflow
from data_prep.streams.executors import Executor
from data_prep.streams.executors.environment import environment, require
from data_prep.streams.executors.serial import Serial
from data_prep.streams.finished_chunks import FinishedChunks
from data_prep.streams.image_task import EntryRange
from data_prep.streams.losses import Loss, Losses, Tolerance, first_to_last

CLASS = "event"
"""Events have no classes; in the account they all are of this one."""


@dataclass(frozen=True)
class EventTask:
    """Makes the images of one chunk; a `data_prep.streams.executors.Task`.

    Attributes:
        description: what the images are.
        part: what is read.
        environment: the code and libraries of the process that asks.
    """

    description: EventDescription
    part: EntryRange
    environment: str

    def __call__(self) -> bytes:
        """The chunk, as `to_bytes` writes it.

        Raises:
            InputFileError: the file cannot be read.
            ClusterError: other code or libraries here than there, so that the images could be others.
        """
        require(self.environment)
        with root.opened_anew():
            chunk = event_tree.read(self.part.file, self.part.start, self.part.stop)
        return to_bytes(event_images(chunk, self.description), self.environment)


def to_bytes(images: EventImages, environment: str) -> bytes:
    """The images of a chunk as bytes that can be sent, kept and checked."""
    batch = images.batch
    arrays: dict[str, npt.NDArray[Any]] = {name: getattr(batch, name).ravel() for name in (*JAGGED, *DTYPES)}
    arrays |= {"fate": images.fate, "energy": images.energy}
    return pack(arrays, {"shape": batch.shape, "wrap": batch.wrap, "environment": environment})


def from_bytes(data: bytes) -> EventImages:
    """The images of which these are the bytes.

    Raises:
        DamagedBytesError: they are of another format, cut short or changed.
    """
    arrays, facts = unpack(data)
    fate, energy = arrays.pop("fate"), arrays.pop("energy")
    arrays["jet_box"] = arrays["jet_box"].reshape(-1, 4)
    columns: dict[str, Any] = arrays
    return EventImages(EventBatch(shape=tuple(facts["shape"]), wrap=facts["wrap"], **columns), fate, energy)


def make_event_images(
    files: Mapping[Path, int],
    settings: EventImagesSettings,
    folder: Path,
    advance: Callable[[int], None],
    warn: Callable[[str], None] = lambda _: None,
    *,
    executor: Executor | None = None,
    work: Path | None = None,
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - frozen
    lost: Sequence[Loss] = (),
) -> tuple[Cutflow, EventSummary]:
    """Write the images of all files as a dataset.

    Args:
        files: the input files, in the order in which their events are written, with what `event_tree.count` found.
        settings: the configuration.
        folder: an existing folder that gets `train`, `validation` and `test`.
        advance: called with the number of events after each chunk.
        warn: called with what is lost, with classes that no tower has, and with what is not known of the truth.
        executor: makes the chunks; this process where there is none.
        work: an existing folder for finished chunks, of these files and this configuration; what it holds of an
            earlier run is used.
        tolerance: what is done about chunks that fail.
        lost: files that could not be counted.

    Returns:
        the checked account of all events, and their summary.

    Raises:
        InputFileError: truth that does not cover the images, more lost than the tolerance allows, or a split without
            events.
        Exception: if strict, whatever ended the first chunk that failed.
        ClusterError: the executor fails.
    """
    cutflow = Cutflow((CLASS,), EVENT_REASONS)
    cutflow.losses = Losses(sum(files.values()), len(files), lost)
    summary = EventSummaryBuilder(settings.description)
    chunks = ChunkStream(
        files,
        settings.chunk_events,
        lambda part: EventTask(settings.description, part, environment()),
        FinishedChunks(work, environment()),
        cutflow.losses,
        tolerance,
        warn,
    )
    require_cover(files, settings.description, warn)
    with EventDatasetWriter(folder, settings.description) as writer:
        for part, data in chunks.chunks(executor or Serial()):
            if data is not None:
                images = from_bytes(data)
                split = split_of(images.batch.library, settings.split)
                writer.distribute(images.batch, split)
                cutflow.entries += len(part)
                cutflow.add(images.fate, np.zeros(len(images.batch), np.uint8), split)
                summary.add(images)
            advance(len(part))
    cutflow.losses.check(tolerance.allow_lost)
    cutflow.check_entries(sum(files.values()))
    _check(cutflow, settings, files)
    result = summary.result()
    for name, towers in zip(TOWER_CLASSES, result.towers, strict=False):
        if not towers:
            warn(f"no tower of the class '{name}' in {int(result.events)} events: a network cannot learn it from these")
    return cutflow, result


def _check(cutflow: Cutflow, settings: EventImagesSettings, files: Mapping[Path, int]) -> None:
    """Check that every split that should have events has some."""
    inputs = first_to_last(files)
    kept = cutflow.kept[0]
    dropped = cutflow.fates[1:]
    if not kept.sum():
        most = f"; most were dropped as: {EVENT_REASONS[EventFate(int(dropped.argmax()) + 1)]}" if dropped.any() else ""
        raise InputFileError(f"no event was kept of {cutflow.read} read{most}", file=inputs, remedy="give other files")
    for name, count in zip(SPLITS, kept, strict=True):
        if settings.split.fraction(name) and not count:
            raise InputFileError(
                f"no event falls into the {name} split ({kept.sum()} kept); those of one library stay together",
                file=inputs,
                remedy="give more events, simulate them with fewer on a library (`pileup.share` in generate.yaml), or "
                "give another split in images.yaml",
            )
