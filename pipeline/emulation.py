"""Images in, Parquet of scores out, in a stream: what the stage `emulate` does with an emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from data_prep.dataset import ImageDescription, open_dataset
from data_prep.errors import InputFileError
from data_prep.image_batch import FEATURES, ImageBatch
from data_prep.images import ImagesSettings, images_of
from data_prep.split import SPLITS
from hls_projects.compose import builder_of
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.image_builder import ImageBuilder
from models.metrics import softmax
from pipeline import console

METADATA_KEY = b"jet_scores"
BATCH = 1 << 15
"""Jets in memory at once."""


@dataclass(frozen=True)
class ImageSource:
    """Images to emulate.

    Attributes:
        description: what they are.
        total: for the progress bar.
        unit: what `total` counts.
        batches: called with the function that advances the bar.
    """

    description: ImageDescription
    total: int
    unit: str
    batches: Callable[[Callable[[int], None]], Iterator[tuple[str, ImageBatch]]]


def from_dataset(folder: Path, split: str | None) -> ImageSource:
    """A dataset that `images` made: one split, or all.

    Raises:
        InputFileError: no dataset.
    """
    dataset = open_dataset(folder)
    splits = [dataset.split(name) for name in (SPLITS if split is None else (split,))]

    def batches(advance: Callable[[int], None]) -> Iterator[tuple[str, ImageBatch]]:
        for each in splits:
            built = repeat(None) if dataset.metadata.candidates is None else each.candidates(BATCH)
            for batch, candidates in zip(each.batches(BATCH), built, strict=False):
                yield str(folder), replace(batch, candidates=candidates)
                advance(len(batch))

    return ImageSource(dataset.metadata, sum(each.rows for each in splits), "jets", batches)


def from_files(inputs: list[str], settings: ImagesSettings) -> tuple[ImageSource, list[Path]]:
    """Files of constituents, made into images on the fly; all kept jets, in the order of the files.

    Raises:
        InputFileError: a file that cannot be read.
    """
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files

    reader, files, entry = reader_of(input_files(inputs, console.warn), settings.options, settings.layout)

    def batches(advance: Callable[[int], None]) -> Iterator[tuple[str, ImageBatch]]:
        for file, entries in files.items():
            for start in range(0, entries, settings.chunk_jets):
                chunk = reader.read(file, start, min(start + settings.chunk_jets, entries))
                yield str(file), images_of(chunk, settings).batch
                advance(chunk.entries_read)

    return ImageSource(settings.description, sum(files.values()), f"{entry}s", batches), list(files)


def write_scores(emulator: FastEmulator, source: ImageSource, out: Path, advance: Callable[[int], None]) -> int:
    """Emulate all images and write one row a jet (docs/data_flow.md); the number of jets.

    A network that starts from candidates is given those of the images.

    Raises:
        InputFileError: images that do not fit the network's input, or that hold NaN.
    """
    ports = emulator.network.types.inputs
    first = builder_of(emulator.network)
    if first is not None:
        if ImageBuilder.of_images(source.description) != first.builder:
            raise InputFileError(
                "the network starts from candidates, and these images are built of none, or of others",
                remedy="give images that are made as those of its training",
            )
    elif [port.shape for port in ports] != [source.description.shape]:
        wanted = " and ".join(" x ".join(map(str, port.shape)) for port in ports)
        held = " x ".join(map(str, source.description.shape))
        raise InputFileError(f"the images are {held}, the network takes {wanted}")
    schema = _schema(emulator, source.description)
    jets = 0
    with pq.ParquetWriter(out, schema, compression="zstd", use_dictionary=["label"]) as writer:
        for file, batch in source.batches(advance):
            try:
                raw = emulator.run(batch) if first is None else emulator.run(raw_candidates(batch), raw=True)
            except ValueError as error:
                raise InputFileError(str(error), file=file) from None
            writer.write_batch(_rows(emulator, source.description, batch, raw, schema))
            jets += len(batch)
    return jets


def raw_candidates(batch: ImageBatch) -> list[npt.NDArray[np.int64]]:
    """The five inputs of an image builder: pT, η, φ int64 [jets, number], η and φ of the seeds int64 [jets, 1]."""
    if batch.candidates is None:
        raise ValueError("these images come without their candidates")
    found = [getattr(batch.candidates, each.name).astype(np.int64) for each in fields(batch.candidates)]
    return [values.reshape(len(batch), -1) for values in found]


def _scored(emulator: FastEmulator, description: ImageDescription) -> bool:
    """Whether the first output is one logit a class."""
    return emulator.network.types.outputs[0].shape == (len(description.classes),)


def _schema(emulator: FastEmulator, description: ImageDescription) -> pa.Schema:
    types = emulator.network.types
    empty = [np.empty((0, *port.shape), np.float32) for port in types.inputs]
    columns: list[tuple[str, Any]] = [("label", pa.uint8()), ("weight", pa.float32()), ("event", pa.uint64())]
    columns += [(name, pa.float32()) for name in FEATURES]
    for i, given in enumerate(emulator.run(empty)):
        columns.append((f"raw_{i}", pa.list_(pa.from_numpy_dtype(given.dtype), int(np.prod(given.shape[1:])))))
    if _scored(emulator, description):
        real = pa.float32() if types.outputs[0].type.width <= 24 else pa.float64()
        columns += [(f"logit_{name}", real) for name in description.classes]
        columns += [(f"score_{name}", pa.float32()) for name in description.classes]
    about = {
        "format": 1,
        "fingerprint": emulator.network.fingerprint,
        "inputs": [port.model_dump(mode="json") for port in types.inputs],
        "outputs": [port.model_dump(mode="json") for port in types.outputs],
        "classes": list(description.classes),
        "images": description.model_dump(mode="json"),
    }
    fields = [pa.field(name, kind, nullable=False) for name, kind in columns]
    return pa.schema(fields, metadata={METADATA_KEY: json.dumps(about, sort_keys=True).encode()})


def _rows(
    emulator: FastEmulator, description: ImageDescription, batch: ImageBatch, raw: list[Any], schema: pa.Schema
) -> pa.RecordBatch:
    columns: dict[str, Any] = {"label": batch.label, "weight": batch.weight, "event": batch.event, **batch.features}
    arrays = {name: pa.array(columns[name]) for name in ("label", "weight", "event", *FEATURES)}
    for i, values in enumerate(raw):
        flat = pa.array(values.reshape(-1))
        arrays[f"raw_{i}"] = pa.FixedSizeListArray.from_arrays(flat, int(np.prod(values.shape[1:])))
    if _scored(emulator, description):
        logits = emulator.network.types.outputs[0].type.to_float(raw[0])
        scores = softmax(logits)
        for index, name in enumerate(description.classes):
            arrays[f"logit_{name}"] = pa.array(np.ascontiguousarray(logits[:, index]))
            arrays[f"score_{name}"] = pa.array(np.ascontiguousarray(scores[:, index]))
    return pa.RecordBatch.from_arrays(
        [arrays[name].cast(schema.field(name).type) for name in schema.names], schema=schema
    )
