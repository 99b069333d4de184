"""The Parquet dataset of sparse jet images: its schema, and reading it in batches.

Layout: docs/data_flow.md, `20_images/`. Sparse, because 2 to 4 % of the pixels of a jet image are lit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from data_prep.errors import InputFileError
from data_prep.grids.any_grid import AnyGrid
from data_prep.images.batch import FEATURES, ImageBatch, concatenate, empty
from data_prep.jets.candidates import Candidates, CandidateSettings
from data_prep.jets.file_positions import FilePositions
from data_prep.observables.columns import COLUMNS as OBSERVABLE_COLUMNS
from data_prep.observables.columns import Observables
from data_prep.settings import Settings
from data_prep.steps.order import Steps, require_fitting
from data_prep.store.split import SPLITS
from data_prep.store.splits_reader import DatasetKind, StoredDataset, StoredSplit, recut

METADATA_KEY = b"jet_images"
CANDIDATE_COLUMNS = {
    "pt": "candidate_pt",
    "eta": "candidate_eta",
    "phi": "candidate_phi",
    "seed_eta": "seed_eta",
    "seed_phi": "seed_phi",
}
"""The columns of a dataset of candidates, by field of `Candidates`."""
PLACE_COLUMNS: tuple[tuple[str, Any], ...] = (("file", pa.uint32()), ("entry", pa.int64()), ("jet", pa.uint16()))
"""The columns of the position of a jet in the input files, by field of `FilePositions`; null where it is not known."""
MAX_PIXELS = 1 << 16
_REMEDY = "make it with `python -m pipeline images`"


class Clustering(Settings):
    """How the jets were made, where they were made here."""

    radius: float
    """The jet radius R."""


class ImageDescription(Settings):
    """What the images of a dataset are: stored in the schema metadata of every Parquet file of it."""

    format: Literal[2] = 2
    """Version of this layout."""
    classes: tuple[str, ...] = Field(min_length=2, max_length=255)
    """Names of the classes, in the order of the labels."""
    grid: AnyGrid
    """The pixel grid."""
    channels: tuple[str, ...] = Field(default=("pt",), min_length=1)
    """What each channel of a pixel sums."""
    steps: Steps
    """Every preprocessing step, in order, with its parameters."""
    candidates: CandidateSettings | None = None
    """What the images are built of, where that is integers."""
    observables: bool = False
    """Whether the dataset holds the observables of the jets."""
    puppi: Literal["layout", "apply", "ignore"] = "layout"
    """Whether constituents were multiplied by their PUPPI weight: as the layout needs it, always, or never."""
    cluster: Clustering | None = None
    """How the jets were made; none where the files held them, or nothing was said."""
    jets: str | None = None
    """The collection of jets as its layout names it; none where that was the layout's own."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels of the dense image."""
        return self.grid.rows, self.grid.columns, len(self.channels)

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each channel: `GeV`, `constituents`, or `1` where images were divided by their norm."""
        momentum = "1" if any(step.step == "normalise" for step in self.steps) else "GeV"
        return tuple("constituents" if name == "multiplicity" else momentum for name in self.channels)

    @model_validator(mode="after")
    def _indexable(self) -> Self:
        require_indexable(self.shape)
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("two classes have the same name")
        require_fitting(self.grid, self.steps, self.channels)
        return self


def require_indexable(shape: tuple[int, int, int]) -> None:
    """Make sure that images of this shape can be stored.

    Raises:
        ValueError: more pixels than their index can tell apart.
    """
    size = shape[0] * shape[1] * shape[2]
    if size > MAX_PIXELS:
        raise ValueError(f"{size} pixels times channels are too many for a 16-bit index ({MAX_PIXELS})")


def schema(description: ImageDescription) -> pa.Schema:
    """The Parquet schema of a dataset, its description included."""
    columns: list[tuple[str, Any]] = [
        ("pixel", pa.list_(pa.uint16())),
        ("value", pa.list_(pa.float32())),
        ("label", pa.uint8()),
        ("weight", pa.float32()),
        ("event", pa.uint64()),
        *PLACE_COLUMNS,
        *((name, pa.float32()) for name in FEATURES),
        *((name, pa.float32()) for name in OBSERVABLE_COLUMNS if description.observables),
        *_candidate_columns(description.candidates),
    ]
    fields = [pa.field(name, data_type, nullable=(name, data_type) in PLACE_COLUMNS) for name, data_type in columns]
    return pa.schema(fields, metadata={METADATA_KEY: description.model_dump_json().encode()})


def _candidate_columns(candidates: CandidateSettings | None) -> list[tuple[str, Any]]:
    if candidates is None:
        return []
    number, angle = candidates.number, pa.int16()
    types = (pa.list_(pa.uint16(), number), pa.list_(angle, number), pa.list_(angle, number), angle, angle)
    return list(zip(CANDIDATE_COLUMNS.values(), types, strict=True))


def to_record_batch(batch: ImageBatch, to: pa.Schema) -> pa.RecordBatch:
    """A batch as Arrow holds it.

    Raises:
        ValueError: more than 2^31 - 1 lit pixels in one batch, or no observables where the dataset holds them.
    """
    if batch.offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError("too many lit pixels for one record batch")
    offsets = pa.array(batch.offsets.astype(np.int32))
    arrays = {
        "pixel": pa.ListArray.from_arrays(offsets, pa.array(batch.pixel)),
        "value": pa.ListArray.from_arrays(offsets, pa.array(batch.value)),
        "label": pa.array(batch.label),
        "weight": pa.array(batch.weight),
        "event": pa.array(batch.event),
        **{name: pa.array(batch.features[name]) for name in FEATURES},
    }
    for name, data_type in PLACE_COLUMNS:
        unknown = batch.places is None
        arrays[name] = pa.nulls(len(batch), data_type) if unknown else pa.array(getattr(batch.places, name))
    if OBSERVABLE_COLUMNS[0] in to.names:
        if batch.observables is None and len(batch):
            raise ValueError("the dataset holds observables, and these images come without")
        observables = batch.observables or Observables.none()
        arrays |= {name: pa.array(values) for name, values in observables.columns.items()}
    if batch.candidates is not None:
        for field, name in CANDIDATE_COLUMNS.items():
            values = getattr(batch.candidates, field)
            flat = pa.array(values.ravel())
            arrays[name] = flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    return pa.RecordBatch.from_arrays([arrays[name].cast(to.field(name).type) for name in to.names], schema=to)


def from_record_batch(record: pa.RecordBatch, shape: tuple[int, int, int], file: Path) -> ImageBatch:
    """A batch as numpy holds it.

    Raises:
        InputFileError: when the two list columns do not belong together, or a pixel or label cannot be.
    """
    pixels, values = record.column("pixel"), record.column("value")
    offsets = pixels.offsets.to_numpy().astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    start = int(values.offsets[0].as_py())
    if not np.array_equal(offsets - first, values.offsets.to_numpy() - start):
        raise InputFileError("the columns 'pixel' and 'value' differ in length", file=file, remedy=_REMEDY)
    pixel = pixels.values.to_numpy()[first:last]
    if pixel.size and int(pixel.max()) >= shape[0] * shape[1] * shape[2]:
        raise InputFileError(f"a pixel lies outside the {shape[0]} x {shape[1]} image", file=file, remedy=_REMEDY)
    return ImageBatch(
        shape=shape,
        offsets=offsets - first,
        pixel=pixel,
        value=values.values.to_numpy()[start : start + last - first],
        label=record.column("label").to_numpy(),
        weight=record.column("weight").to_numpy(),
        event=record.column("event").to_numpy(),
        features={name: record.column(name).to_numpy() for name in FEATURES},
        places=_places(record),
    )


def _places(record: pa.RecordBatch) -> FilePositions | None:
    columns = [record.column(name) for name, _ in PLACE_COLUMNS]
    if any(column.null_count for column in columns):
        return None
    return FilePositions(*(column.to_numpy() for column in columns))


_DATASET = DatasetKind(METADATA_KEY, "jet images", "image", _REMEDY, ImageDescription, schema)


@dataclass(frozen=True)
class ImageSplit(StoredSplit[ImageDescription, ImageBatch]):
    """One of train, validation, test; a row is an image."""

    dataset_kind = _DATASET
    join = staticmethod(concatenate)

    @cached_property
    def whole(self) -> ImageBatch:
        """The whole split in its sparse form, kept in memory (about 150 bytes a jet)."""
        return concatenate([empty(self.description.shape), *self.read(1 << 16)])

    def read(self, size: int) -> Iterator[ImageBatch]:
        """The images in their order, at most `size` at a time; see `StoredSplit.read`."""
        left_out = (*CANDIDATE_COLUMNS.values(), *OBSERVABLE_COLUMNS)
        names = [name for name in schema(self.description).names if name not in left_out]
        for file, record in self.records(size, names):
            yield from_record_batch(record, self.description.shape, file)

    def observables(self, size: int) -> Iterator[Observables]:
        """The observables of the jets, in the order and the batches of `batches(size)`.

        Raises:
            InputFileError: a file that cannot be read.
            ValueError: a dataset without observables, or a size below 1.
        """
        if not self.description.observables:
            raise ValueError("this dataset holds no observables")
        self.require_size(size)
        return recut(self._read_observables(size), size, Observables.joined)

    def _read_observables(self, size: int) -> Iterator[Observables]:
        for _, record in self.records(size, list(OBSERVABLE_COLUMNS)):
            yield Observables.of_columns([record.column(name).to_numpy() for name in OBSERVABLE_COLUMNS])

    def candidates(self, size: int) -> Iterator[Candidates]:
        """The candidates of the images, in the order and the batches of `batches(size)`.

        Raises:
            InputFileError: a file that cannot be read.
            ValueError: the images were not made of candidates, or a size below 1.
        """
        if self.description.candidates is None:
            raise ValueError("the images of this dataset were not made of candidates")
        self.require_size(size)
        return recut(self._read_candidates(size, self.description.candidates.number), size, Candidates.joined)

    def _read_candidates(self, size: int, number: int) -> Iterator[Candidates]:
        for _, record in self.records(size, list(CANDIDATE_COLUMNS.values())):
            columns = [record.column(name) for name in CANDIDATE_COLUMNS.values()]
            flat = [column.flatten() if pa.types.is_fixed_size_list(column.type) else column for column in columns]
            pt, eta, phi, seed_eta, seed_phi = (values.to_numpy().astype(np.int32) for values in flat)
            shape = len(record), number
            yield Candidates(pt.reshape(shape), eta.reshape(shape), phi.reshape(shape), seed_eta, seed_phi)


class ImageDataset(StoredDataset[ImageDescription, ImageSplit]):
    """A dataset of jet images on disk; its metadata says classes, grid, channels, steps."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the labels."""
        return self.metadata.classes

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels of the dense image."""
        return self.metadata.shape


def open_dataset(folder: Path) -> ImageDataset:
    """Open a dataset that `python -m pipeline images` made; nothing but its metadata is read yet.

    Raises:
        InputFileError: no such folder, no dataset in it, or one of another format version.
    """
    description, files = _DATASET.open(folder)
    return ImageDataset(folder, description, {name: ImageSplit(name, files[name], description) for name in SPLITS})
