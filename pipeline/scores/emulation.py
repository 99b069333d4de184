"""Jets in, scores out, in a stream: what the stage `emulate` does with an emulator."""

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
from pipeline.scores.rows import Jets, ScoreRows

BATCH = 1 << 15
"""Jets in memory at once."""


@dataclass(frozen=True)
class JetSource:
    """Jets to emulate.

    Attributes:
        description: what their images are.
        total: for the progress bar.
        unit: what `total` counts.
        batches: called with the function that advances the bar.
        missing: what is not read of the jets, and why, one sentence each.
    """

    description: ImageDescription
    total: int
    unit: str
    batches: Callable[[Callable[[int], None]], Iterator[Jets]]
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

    def batches(advance: Callable[[int], None]) -> Iterator[Jets]:
        for each in splits:
            built = repeat(None) if dataset.metadata.candidates is None else each.candidates(BATCH)
            for batch, candidates in zip(each.batches(BATCH), built, strict=False):
                yield _of_dataset(replace(batch, candidates=candidates), dataset.classes, names, folder)
                advance(len(batch))

    return JetSource(dataset.metadata, sum(each.rows for each in splits), "jets", batches)


def _of_dataset(batch: ImageBatch, classes: tuple[str, ...], names: npt.NDArray[np.object_], folder: Path) -> Jets:
    label, places = batch.label, batch.places
    if label.size and label.max() >= len(classes):
        raise InputFileError("has labels of more classes than it names", file=folder, remedy="run `images` again")
    if places is not None and places.file.size and places.file.max() >= len(names):
        raise InputFileError("does not name all files of its jets", file=folder, remedy="run `images` again")
    return Jets(
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
    """Files of constituents, made into images on the fly; all jets, in the order of the files.

    Jets without an image stay, with the reason. Where the files hold no labels or weights, as those of data, none are
    read: no jet is left out for its class then.

    Args:
        inputs: files, folders, patterns, URLs.
        settings: how their jets become images.
        labels: whether labels are read.

    Raises:
        InputFileError: a file that cannot be read.
    """
    from data_prep.readers.files import input_files

    found = _readable(input_files(inputs, console.warn), settings, labels=labels)
    reader, files, entry, options, missing = found
    names = np.array([*(each.name for each in settings.classes), *[""] * (256 - len(settings.classes))], object)

    def jets(chunk: JetChunk, file: str, start: int) -> Jets:
        made = images_of(chunk, settings, labelled=bool(options.classes))
        entries, index = chunk.positions(start)
        return Jets(
            file=[file] * chunk.jets,
            entry=entries,
            jet=index,
            fate=made.fate,
            label=names[chunk.label].tolist() if options.classes else [""] * chunk.jets,
            weight=chunk.weight if options.weight == settings.weight else None,
            event=chunk.event,
            features={name: features_of(chunk)[name] for name in FEATURES},
            images=made.batch,
        )

    def batches(advance: Callable[[int], None]) -> Iterator[Jets]:
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
    """The reader of files, with labels and weights where they have them; and what they lack."""
    from data_prep.readers.detect import reader_of

    whole = settings.options if labels else replace(settings.options, classes=())
    lesser = {
        "labels": replace(whole, classes=()),
        "weights": replace(whole, weight=None),
        "labels and weights": replace(whole, classes=(), weight=None),
    }
    try:
        return *reader_of(files, whole, settings.layout), whole, ()
    except InputFileError as error:
        for name, options in lesser.items():
            try:
                found = reader_of(files, options, settings.layout)
            except InputFileError:
                continue
            return *found, options, (f"{name} are not read: {error}",)
        raise


def write_scores(
    emulator: FastEmulator, source: JetSource, path: Path, out: Path, advance: Callable[[int], None]
) -> tuple[int, int]:
    """Emulate all images and write one row a jet (docs/data_flow.md): the number of jets, and of those with an image.

    A network that starts from candidates is given those of the images.

    Args:
        emulator: of the network.
        source: the jets.
        path: where the file is written.
        out: the name that it will have; `.parquet` or `.root`.
        advance: see `JetSource`.

    Raises:
        InputFileError: images that do not fit the network's input, or that hold NaN.
    """
    ports = emulator.network.graph.inputs
    first = builder_of(emulator.network)
    if first is not None:
        if ImageBuilder.of_images(source.description) != first.builder:
            raise InputFileError(
                "the network starts from candidates, and these images are made from other candidates or none",
                remedy="give images that are made as those of its training",
            )
    elif [port.shape for port in ports] != [source.description.shape]:
        wanted = " and ".join(" x ".join(map(str, port.shape)) for port in ports)
        held = " x ".join(map(str, source.description.shape))
        raise InputFileError(f"the images are {held}, the network takes {wanted}")
    empty = emulator.run([np.empty((0, *port.shape), np.float32) for port in ports])
    rows = ScoreRows(emulator.network, empty, source.description)
    read = kept = 0
    with score_writer(path, out, rows.schema) as write:
        for jets in source.batches(advance):
            images = jets.images
            try:
                if not len(images):
                    raw = empty
                elif first is None:
                    raw = emulator.run(images)
                else:
                    raw = emulator.run(raw_candidates(images), raw=True)
            except ValueError as error:
                raise InputFileError(str(error), file=jets.file[0] if len(jets) and jets.file else None) from None
            write(rows.record(jets, raw))
            read += len(jets)
            kept += len(images)
    return read, kept


def raw_candidates(batch: ImageBatch) -> list[npt.NDArray[np.int64]]:
    """The five inputs of an image builder: pT, η, φ int64 [jets, number], η and φ of the seeds int64 [jets, 1]."""
    if batch.candidates is None:
        raise ValueError("these images come without their candidates")
    found = [getattr(batch.candidates, each.name).astype(np.int64) for each in fields(batch.candidates)]
    return [values.reshape(len(batch), -1) for values in found]
