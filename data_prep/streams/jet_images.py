"""From input files to the dataset of jet images, in a stream: memory does not grow with the number of jets.

Chunks are made wherever the executor likes and in any order. Here they come in the order of the entries, so that files,
sums and the account depend neither on who made them nor on their size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from data_prep.errors import InputFileError
from data_prep.images.jets import ImagesSettings
from data_prep.images.summary import Summary, SummaryBuilder
from data_prep.jets.chunk import SEVERAL_CLASSES
from data_prep.jets.file_positions import FilePositions
from data_prep.readers import Reader
from data_prep.readers.file_names import write_file_names
from data_prep.store.jet_images_writer import DatasetWriter
from data_prep.store.split import SPLITS, split_of
from data_prep.streams.chunk_bytes import ChunkResult, from_bytes
from data_prep.streams.chunks import ChunkStream
from data_prep.streams.cutflow import Cutflow
from data_prep.streams.executors import Executor
from data_prep.streams.executors.environment import environment
from data_prep.streams.executors.serial import Serial
from data_prep.streams.finished_chunks import FinishedChunks
from data_prep.streams.image_task import EntryRange, ImageTask
from data_prep.streams.losses import Loss, Losses, Tolerance, first_to_last


def make_images(
    files: Mapping[Path, int],
    reader: Reader,
    settings: ImagesSettings,
    folder: Path,
    advance: Callable[[int], None],
    warn: Callable[[str], None] = lambda _: None,
    *,
    executor: Executor | None = None,
    work: Path | None = None,
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - frozen
    lost: Sequence[Loss] = (),
) -> tuple[Cutflow, Summary]:
    """Write the images of all files as a dataset.

    Args:
        files: the input files, in the order in which their jets are written, with the entries `reader.count` found.
        reader: the reader of their layout.
        settings: the configuration.
        folder: an existing folder that gets `train`, `validation`, `test` and `files.json`.
        advance: called with the number of entries after each chunk.
        warn: called with what is odd about a file, as constituents that do not sum to their jet, and what is lost.
        executor: makes the chunks; this process where there is none.
        work: an existing folder for finished chunks, of these files and this configuration; what it holds of an
            earlier run is used.
        tolerance: what is done about chunks that fail.
        lost: files that could not be counted.

    Returns:
        the checked account of all jets, and their summary.

    Raises:
        InputFileError: more is lost than the tolerance allows, a label that fits no jet, or a class without jets.
        Exception: if strict, whatever ended the first chunk that failed.
        ClusterError: the executor fails.
    """
    settings = settings.read_by(reader)
    write_file_names(files, folder)
    finished = FinishedChunks(work, environment())
    stream = _Stream(files, settings, finished, tolerance, warn)
    stream.cutflow.losses.all.extend(lost)
    chunks = ChunkStream(
        files,
        settings.chunk_jets,
        lambda part: ImageTask(reader, settings, part, environment()),
        finished,
        stream.cutflow.losses,
        tolerance,
        warn,
    )
    with DatasetWriter(folder, settings.description) as writer:
        for part, data in chunks.chunks(executor or Serial()):
            if data is not None:
                stream.take(part, from_bytes(data), writer)
            advance(len(part))
    try:
        return stream.finish()
    except InputFileError:
        if not stream.cutflow.losses.all:
            stream.finished.clear()  # the same files and configuration will fail again
        raise


class _Stream:
    """What is known of the chunks so far."""

    def __init__(
        self,
        files: Mapping[Path, int],
        settings: ImagesSettings,
        finished: FinishedChunks,
        tolerance: Tolerance,
        warn: Callable[[str], None],
    ) -> None:
        self.finished = finished
        self.cutflow = Cutflow(settings.description.classes)
        self.cutflow.losses = Losses(sum(files.values()), len(files))
        self._files, self._settings = files, settings
        self._tolerance, self._warn = tolerance, warn
        self._summary = SummaryBuilder(settings.description)
        self._numbers = {file.absolute(): number for number, file in enumerate(files)}
        self._labelled = np.zeros(256, np.int64)

    def take(self, part: EntryRange, result: ChunkResult, writer: DatasetWriter) -> None:
        """Add a chunk to dataset, sums and account."""
        for problem in result.problems:
            self._warn(f"{part.file}: {problem}")
        images = result.images
        split = split_of(images.batch.event, self._settings.split)
        # a chunk knows its file and not which one of all it is
        places = images.batch.places
        numbered = None if places is None else FilePositions.of_file(self._numbers[part.file], places.entry, places.jet)
        writer.distribute(replace(images.batch, places=numbered), split)
        self.cutflow.entries += result.entries
        self.cutflow.add(images.fate, images.batch.label, split)
        self._labelled += result.labelled
        self._summary.add(images.batch, images.mass_constituents, images.mass_image)

    def finish(self) -> tuple[Cutflow, Summary]:
        """Check the account."""
        inputs = first_to_last(self._files)
        self.cutflow.losses.check(self._tolerance.allow_lost)
        self.cutflow.check_entries(sum(self._files.values()))
        jets = int(self._labelled.sum())
        for index, each in enumerate(self._settings.classes):
            if not self._labelled[index] and not self._labelled[SEVERAL_CLASSES]:
                raise InputFileError(
                    f"no jet of the class '{each.name}' in {jets}: its label fits none ({each})",
                    file=inputs,
                    remedy="correct the label in images.yaml, or add files with such jets",
                )
        fractions = {name: self._settings.split.fraction(name) for name in SPLITS}
        self.cutflow.check(jets, inputs, fractions)
        return self.cutflow, self._summary.result()
