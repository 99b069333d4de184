"""The stream of jets through the emulator into a file of scores, for the stage `emulate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import repeat
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.images.jets import ImagesSettings, features_of, images_of
from data_prep.jets.chunk import JetChunk
from data_prep.readers import Options, Reader
from data_prep.readers.file_names import file_names, read_file_names
from data_prep.store.jet_images import ImageDescription, open_dataset
from data_prep.store.score_files import score_writer
from data_prep.store.split import SPLITS
from data_prep.streams.cutflow import Fate
from hls_projects.blocks.compose import builder_of
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.emulator.fast_emulator import FastEmulator
from pipeline import console
from pipeline.scores.rows import JetBatch, ScoreRows

BATCH = 1 << 15
"""Jets in memory at once."""


@dataclass(frozen=True)
class JetSource:
    """Jets to emulate.

    Attributes:
        description: that of their images.
        total: number of entries for the progress bar.
        unit: that of `total`.
        batches: called with the function that advances the bar.
        missing: which information is not read, and why, one sentence each.
    """

    description: ImageDescription
    total: int
    unit: str
    batches: Callable[[Callable[[int], None]], Iterator[JetBatch]]
    missing: tuple[str, ...] = ()


def holds_images(inputs: list[str]) -> bool:
    """Whether the inputs are one folder that `images` made, rather than files of constituents."""
    return len(inputs) == 1 and next(Path(inputs[0]).glob("*/part-*.parquet"), None) is not None


def from_dataset(folder: Path, split: str | None) -> JetSource:
    """A dataset that `images` made: one split, or all. All its jets were kept.

    Raises:
        InputFileError: no dataset.
    """
    dataset = open_dataset(folder)
    splits = [dataset.split(name) for name in (SPLITS if split is None else (split,))]
    names = np.array(read_file_names(folder), object)

    def batches(advance: Callable[[int], None]) -> Iterator[JetBatch]:
        for part in splits:
            candidate_batches = repeat(None) if dataset.metadata.candidates is None else part.candidates(BATCH)
            for batch, candidates in zip(part.batches(BATCH), candidate_batches, strict=False):
                yield _of_dataset(replace(batch, candidates=candidates), dataset.classes, names, folder)
                advance(len(batch))

    return JetSource(dataset.metadata, sum(part.rows for part in splits), "jets", batches)


def _of_dataset(batch: ImageBatch, classes: tuple[str, ...], names: npt.NDArray[np.object_], folder: Path) -> JetBatch:
    label, places = batch.label, batch.places
    if label.size and label.max() >= len(classes):
        raise InputFileError("has labels of more classes than it names", file=folder, remedy="run `images` again")
    if places is not None and places.file.size and places.file.max() >= len(names):
        raise InputFileError("does not name all files of its jets", file=folder, remedy="run `images` again")
    return JetBatch(
        file=None if places is None else names[places.file].tolist(),
        entry=None if places is None else places.entry,
        jet=None if places is None else places.jet.astype(np.int64),
        fate=np.full(len(batch), Fate.KEPT, np.uint8),
        label=np.array(classes, object)[label].tolist(),
        weight=batch.weight,
        event=batch.event,
        features=batch.features,
        images=batch,
    )


def from_files(inputs: list[str], settings: ImagesSettings, *, labels: bool = True) -> tuple[JetSource, list[Path]]:
    """Files of constituents, from which images are made on the fly; all jets, in the order of the files.

    Jets without an image are kept, with the reason. If the files have no labels or weights, as those of data, none are
    read, and no jet is dropped for its class.

    Args:
        inputs: files, folders, patterns, URLs.
        settings: those of the images.
        labels: whether labels are read.

    Raises:
        InputFileError: a file that cannot be read.
    """
    from data_prep.readers.files import input_files

    readable = _readable(input_files(inputs, console.warn), settings, labels=labels)
    reader, files, entry, options, missing = readable
    names = np.array(
        [*(class_settings.name for class_settings in settings.classes), *[""] * (256 - len(settings.classes))], object
    )

    def jets(chunk: JetChunk, file: str, start: int) -> JetBatch:
        images = images_of(chunk, settings, labelled=bool(options.classes))
        entries, index = chunk.positions(start)
        return JetBatch(
            file=[file] * chunk.jets,
            entry=entries,
            jet=index,
            fate=images.fate,
            label=names[chunk.label].tolist() if options.classes else [""] * chunk.jets,
            weight=chunk.weight if options.weight == settings.weight else None,
            event=chunk.event,
            features={name: features_of(chunk)[name] for name in FEATURES},
            images=images.batch,
        )

    def batches(advance: Callable[[int], None]) -> Iterator[JetBatch]:
        for (file, entries), name in zip(files.items(), file_names(files), strict=True):
            for start in range(0, entries, settings.chunk_jets):
                chunk = reader.read(file, start, min(start + settings.chunk_jets, entries))
                yield jets(chunk, name, start)
                advance(chunk.entries_read)

    description = settings.read_by(reader).description
    return JetSource(description, sum(files.values()), f"{entry}s", batches, missing), list(files)


def _readable(
    files: list[Path], settings: ImagesSettings, *, labels: bool
) -> tuple[Reader, dict[Path, int], Literal["jet", "event"], Options, tuple[str, ...]]:
    """The reader of files, with labels and weights if they have them, and a message about those that are missing."""
    from data_prep.readers.detect import reader_of

    full = settings.options if labels else replace(settings.options, classes=())
    reduced = {
        "labels": replace(full, classes=()),
        "weights": replace(full, weight=None),
        "labels and weights": replace(full, classes=(), weight=None),
    }
    try:
        return *reader_of(files, full, settings.layout), full, ()
    except InputFileError as error:
        for name, options in reduced.items():
            try:
                readable = reader_of(files, options, settings.layout)
            except InputFileError:
                continue
            return *readable, options, (f"{name} are not read: {error}",)
        raise


def write_scores(
    emulator: FastEmulator, source: JetSource, path: Path, out: Path, advance: Callable[[int], None]
) -> tuple[int, int]:
    """Emulate all images and write one row a jet (docs/data_flow.md).

    A network that starts from candidates takes those of the images.

    Args:
        emulator: that of the network.
        source: the jets.
        path: the temporary path of the file.
        out: its final name; `.parquet` or `.root`.
        advance: see `JetSource`.

    Returns:
        The number of jets, and of those with an image.

    Raises:
        InputFileError: images that do not fit the network's input, or that contain NaN.
    """
    ports = emulator.network.graph.inputs
    image_layer = builder_of(emulator.network)
    if image_layer is not None:
        if ImageBuilder.of_images(source.description) != image_layer.builder:
            raise InputFileError(
                "the network starts from candidates, and these images are made from other candidates or none",
                remedy="give images made in the same way as those it was trained on",
            )
    elif [port.shape for port in ports] != [source.description.shape]:
        expected = " and ".join(" x ".join(map(str, port.shape)) for port in ports)
        actual = " x ".join(map(str, source.description.shape))
        raise InputFileError(
            f"the images are {actual}, the network takes {expected}", remedy="give images of the shape of the network"
        )
    empty = emulator.run([np.empty((0, *port.shape), np.float32) for port in ports])
    rows = ScoreRows(emulator.network, empty, source.description)
    jet_count = image_count = 0
    with score_writer(path, out, rows.schema) as write:
        for jets in source.batches(advance):
            images = jets.images
            try:
                if not len(images):
                    raw = empty
                elif image_layer is None:
                    raw = emulator.run(images)
                else:
                    raw = emulator.run(raw_candidates(images), raw=True)
            except ValueError as error:
                raise InputFileError(str(error), file=jets.file[0] if len(jets) and jets.file else None) from None
            write(rows.record(jets, raw))
            jet_count += len(jets)
            image_count += len(images)
    return jet_count, image_count


def raw_candidates(batch: ImageBatch) -> list[npt.NDArray[np.int64]]:
    """The five inputs of an image builder: pT, η, φ int64 [jets, number], η and φ of the seeds int64 [jets, 1]."""
    if batch.candidates is None:
        raise ValueError("these images have no candidates")
    inputs = [getattr(batch.candidates, field.name).astype(np.int64) for field in fields(batch.candidates)]
    return [values.reshape(len(batch), -1) for values in inputs]
