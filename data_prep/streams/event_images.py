"""Images of whole events: how a chunk is made, and what is written, counted and checked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.errors import InputFileError
from data_prep.events.batch import TOWER_CLASSES, EventBatch
from data_prep.events.images import EVENT_REASONS, EventChunkImages, EventFate, event_images
from data_prep.events.settings import EventImagesSettings
from data_prep.events.summary import EventSummary, EventSummaryBuilder
from data_prep.events.truth_cover import require_cover
from data_prep.readers import event_tree, root
from data_prep.store.event_images import EventDatasetWriter
from data_prep.store.split import SPLITS
from data_prep.streams import chunk_bytes
from data_prep.streams.cutflow import Cutflow
from data_prep.streams.entry_range import EntryRange
from data_prep.streams.production import Collector, ImageKind, Warn

CLASS = "event"
"""Events have no classes; in the account they all are of this one."""


@dataclass(frozen=True)
class EventImages(ImageKind[EventChunkImages, EventSummary]):
    """Images of events; see `ImageKind`.

    Attributes:
        settings: the configuration.
    """

    settings: EventImagesSettings

    @property
    def chunk_entries(self) -> int:
        """Entries of a chunk."""
        return self.settings.chunk_events

    def make(self, part: EntryRange) -> EventChunkImages:
        """See `ImageKind.make`."""
        with root.opened_anew():
            chunk = event_tree.read(part.file, part.start, part.stop)
        return event_images(chunk, self.settings.description)

    def from_bytes(self, data: bytes) -> EventChunkImages:
        """See `ImageKind.from_bytes`."""
        return chunk_bytes.from_bytes(EventChunkImages, EventBatch, data)

    def collector(self, files: Mapping[Path, int], folder: Path, warn: Warn) -> EventCollector:
        """See `ImageKind.collector`; truth that does not cover the images is an error."""
        require_cover(files, self.settings.description, warn)
        return EventCollector(files, self.settings, folder, warn)


class EventCollector(Collector[EventChunkImages, EventSummary]):
    """See `Collector`; warns of classes that no tower has."""

    def __init__(self, files: Mapping[Path, int], settings: EventImagesSettings, folder: Path, warn: Warn) -> None:
        description = settings.description
        cutflow, writer = Cutflow((CLASS,), EVENT_REASONS), EventDatasetWriter(folder, description)
        super().__init__(files, cutflow, writer, settings.split, warn)
        self._summary = EventSummaryBuilder(description)

    def take(self, part: EntryRange, images: EventChunkImages) -> None:
        """See `Collector.take`."""
        batch = images.batch
        self.write(batch, images.fate, np.zeros(len(batch), np.uint8), batch.library)
        self._summary.add(images)

    def finish(self) -> EventSummary:
        """See `Collector.finish`."""
        self._check()
        summary = self._summary.result()
        for name, towers in zip(TOWER_CLASSES, summary.towers, strict=False):
            if not towers:
                events = int(summary.events)
                self.warn(f"no tower of the class '{name}' in {events} events: a network cannot learn it from these")
        return summary

    def _check(self) -> None:
        """Check that every split that should have events has some."""
        cutflow, kept, dropped = self.cutflow, self.cutflow.kept[0], self.cutflow.fates[1:]
        if not kept.sum():
            most = EVENT_REASONS[EventFate(int(dropped.argmax()) + 1)] if dropped.any() else ""
            raise InputFileError(
                f"no event was kept of {cutflow.read} read" + (f"; most were dropped as: {most}" if most else ""),
                file=self.inputs,
                remedy="give other files",
            )
        for name, count in zip(SPLITS, kept, strict=True):
            if self.split.fraction(name) and not count:
                raise InputFileError(
                    f"no event falls into the {name} split ({kept.sum()} kept); those of one library stay together",
                    file=self.inputs,
                    remedy="give more events, simulate them with fewer on a library (`pileup.share` in generate.yaml), "
                    "or give another split in images.yaml",
                )
