"""Images of jets: how a chunk is made, and what is written, counted and checked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from data_prep.errors import InputFileError
from data_prep.images.batch import ImageBatch
from data_prep.images.jets import ImagesSettings, JetChunkImages, images_of
from data_prep.images.summary import Summary, SummaryBuilder
from data_prep.jets.chunk import SEVERAL_CLASSES
from data_prep.jets.file_positions import FilePositions
from data_prep.readers import Reader, root
from data_prep.readers.closure import check_closure
from data_prep.readers.faults import DAMAGED
from data_prep.readers.file_names import write_file_names
from data_prep.store.jet_images_writer import DatasetWriter
from data_prep.store.split import SPLITS
from data_prep.streams import chunk_bytes
from data_prep.streams.cutflow import Cutflow
from data_prep.streams.entry_range import EntryRange
from data_prep.streams.production import Collector, ImageKind, Warn


@dataclass(frozen=True)
class JetImages(ImageKind[JetChunkImages, Summary]):
    """Images of jets; see `ImageKind`.

    Attributes:
        reader: of the files' layout.
        settings: the configuration, as `of` gives it.
    """

    reader: Reader
    settings: ImagesSettings

    @classmethod
    def of(cls, reader: Reader, settings: ImagesSettings) -> Self:
        """The images of a configuration, of files that a reader reads."""
        return cls(reader, settings.read_by(reader))

    @property
    def chunk_entries(self) -> int:
        """Entries of a chunk."""
        return self.settings.chunk_jets

    def make(self, part: EntryRange) -> JetChunkImages:
        """See `ImageKind.make`."""
        with root.opened_anew():
            chunk = self.reader.read(part.file, part.start, part.stop)
        if chunk.entries_read != len(part):
            raise InputFileError(
                f"gave {chunk.entries_read} of the {len(part)} entries from {part.start}",
                file=part.file,
                remedy=DAMAGED,
            )
        images = images_of(
            chunk,
            self.settings,
            places=FilePositions.of_file(0, *chunk.positions(part.start)),
            observables=self.settings.observables,
        )
        return replace(images, problems=check_closure(chunk).problems) if part.start == 0 else images

    def from_bytes(self, data: bytes) -> JetChunkImages:
        """See `ImageKind.from_bytes`."""
        return chunk_bytes.from_bytes(JetChunkImages, ImageBatch, data)

    def collector(self, files: Mapping[Path, int], folder: Path, warn: Warn) -> JetCollector:
        """See `ImageKind.collector`; the folder gets `files.json` too."""
        write_file_names(files, folder)
        return JetCollector(files, self.settings, folder, warn)


class JetCollector(Collector[JetChunkImages, Summary]):
    """See `Collector`."""

    def __init__(self, files: Mapping[Path, int], settings: ImagesSettings, folder: Path, warn: Warn) -> None:
        description = settings.description
        cutflow, writer = Cutflow(description.classes), DatasetWriter(folder, description)
        super().__init__(files, cutflow, writer, settings.split, warn)
        self._settings = settings
        self._summary = SummaryBuilder(description)
        self._numbers = {file.absolute(): number for number, file in enumerate(files)}
        self._labelled = np.zeros(256, np.int64)

    def take(self, part: EntryRange, images: JetChunkImages) -> None:
        """See `Collector.take`."""
        for problem in images.problems:
            self.warn(f"{part.file}: {problem}")
        # a chunk knows its file and not which one of all it is
        batch, places = images.batch, images.batch.places
        numbered = None if places is None else FilePositions.of_file(self._numbers[part.file], places.entry, places.jet)
        self.write(replace(batch, places=numbered), images.fate, batch.label, batch.event)
        self._labelled += images.labelled
        self._summary.add(batch, images.mass_constituents, images.mass_image)

    def finish(self) -> Summary:
        """See `Collector.finish`."""
        jets = int(self._labelled.sum())
        for index, jet_class in enumerate(self._settings.classes):
            if not self._labelled[index] and not self._labelled[SEVERAL_CLASSES]:
                raise InputFileError(
                    f"no jet of the class '{jet_class.name}' in {jets}: its label fits none ({jet_class})",
                    file=self.inputs,
                    remedy="correct the label in images.yaml, or add files with such jets",
                )
        self.cutflow.check(jets, self.inputs, {name: self.split.fraction(name) for name in SPLITS})
        return self._summary.result()
