"""From input files to the dataset of jet images, in a stream: memory does not grow with the number of jets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.constituents import NO_CLASS, SEVERAL_CLASSES, JetChunk
from data_prep.cutflow import Cutflow, Fate
from data_prep.dataset import ImageDescription
from data_prep.dataset_writer import DatasetWriter
from data_prep.grid import SquareGrid
from data_prep.image_batch import ImageBatch
from data_prep.labels import Classes
from data_prep.mass import image_mass, massless_mass
from data_prep.pixelise import SparseImages, pixelise
from data_prep.preprocess import Program, Steps
from data_prep.readers import Reader
from data_prep.settings import Settings
from data_prep.split import SPLITS, SplitSettings, split_of
from data_prep.summary import Summary, SummaryBuilder


class SelectionSettings(Settings):
    """Which jets are kept; a bound that is left out does not cut."""

    pt_min: float = Field(default=0, ge=0)
    """Smallest jet pT (GeV)."""
    pt_max: float | None = Field(default=None, gt=0)
    """Jets of this pT (GeV) and more are dropped."""
    abs_eta_max: float | None = Field(default=None, gt=0)
    """Largest |η| of the jet axis."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.pt_max is not None and self.pt_max <= self.pt_min:
            raise ValueError(f"pt_max must be larger than pt_min ({self.pt_min:g}), it is {self.pt_max:g}")
        return self


class ImagesSettings(Settings):
    """The stage `images`: which jets of the input files become which images."""

    classes: Classes
    """The classes, in the order of the labels."""
    selection: SelectionSettings = SelectionSettings()
    """Which jets are kept."""
    grid: SquareGrid
    """The pixel grid."""
    steps: Steps
    """The preprocessing steps, in order."""
    split: SplitSettings
    """Fractions of events for training, validation and test."""
    chunk_jets: int = Field(default=20_000, ge=1)
    """Jets in memory at once; changes speed and memory, never a result."""

    @property
    def description(self) -> ImageDescription:
        """What the images will be."""
        return ImageDescription(classes=tuple(each.name for each in self.classes), grid=self.grid, steps=self.steps)


@dataclass(frozen=True)
class ChunkImages:
    """The images of one chunk.

    Attributes:
        batch: the kept jets.
        fate: uint8 [jets], `Fate` of every jet read.
        mass_constituents: float32 [kept], GeV, of massless constituents.
        mass_image: float32 [kept], GeV, of the pixels.
    """

    batch: ImageBatch
    fate: npt.NDArray[np.uint8]
    mass_constituents: npt.NDArray[np.float32]
    mass_image: npt.NDArray[np.float32]


def select(chunk: JetChunk, selection: SelectionSettings) -> npt.NDArray[np.uint8]:
    """The `Fate` of each jet before its image is made: uint8 [jets]."""
    fate = np.full(chunk.jets, Fate.KEPT, np.uint8)
    pt, eta = chunk.jet_pt, np.abs(chunk.jet_eta)
    checks = [
        (Fate.NO_CLASS, chunk.label == NO_CLASS),
        (Fate.SEVERAL_CLASSES, chunk.label == SEVERAL_CLASSES),
        (Fate.NO_CONSTITUENTS, chunk.multiplicity == 0),
        (Fate.NOT_FINITE, ~(np.isfinite(pt) & np.isfinite(eta) & np.isfinite(chunk.jet_phi))),
        (Fate.OUTSIDE_PT, pt < selection.pt_min),
    ]
    if selection.pt_max is not None:
        checks.append((Fate.OUTSIDE_PT, pt >= selection.pt_max))
    if selection.abs_eta_max is not None:
        checks.append((Fate.OUTSIDE_ETA, eta > selection.abs_eta_max))
    for reason, dropped in checks:
        fate[dropped & (fate == Fate.KEPT)] = reason
    return fate


def images_of(chunk: JetChunk, settings: ImagesSettings) -> ChunkImages:
    """Select the jets of a chunk and make their images."""
    images = pixelise(chunk, select(chunk, settings.selection), settings.grid, Program.of(settings.steps))
    kept = images.fate == Fate.KEPT
    mass = massless_mass(chunk.offsets, chunk.pt, chunk.eta, chunk.phi, chunk.jet_eta, chunk.jet_phi)
    return ChunkImages(
        batch=_batch(chunk, images, kept, settings.description.shape),
        fate=images.fate,
        mass_constituents=mass[kept],
        mass_image=image_mass(images.offsets, images.pixel, images.value, images.scale, settings.grid),
    )


def _batch(
    chunk: JetChunk, images: SparseImages, kept: npt.NDArray[np.bool_], shape: tuple[int, int, int]
) -> ImageBatch:
    features = {
        "jet_pt": chunk.jet_pt,
        "jet_eta": chunk.jet_eta,
        "jet_phi": chunk.jet_phi,
        "jet_mass": chunk.jet_mass,
        **chunk.stored,
        "jet_multiplicity": chunk.multiplicity.astype(np.float32),
    }
    return ImageBatch(
        shape=shape,
        offsets=images.offsets,
        pixel=images.pixel,
        value=images.value,
        label=chunk.label[kept],
        weight=chunk.weight[kept],
        event=chunk.event[kept],
        features={name: column[kept] for name, column in features.items()},
    )


def make_images(
    files: Mapping[Path, int],
    reader: Reader,
    settings: ImagesSettings,
    folder: Path,
    advance: Callable[[int], None],
) -> tuple[Cutflow, Summary]:
    """Write the images of all files as a dataset.

    Args:
        files: the input files, in the order in which their jets are written, with the jets `reader.count` found.
        reader: the reader of their layout.
        settings: the configuration.
        folder: an existing folder that gets `train`, `validation` and `test`.
        advance: called with the number of jets after each chunk.

    Returns:
        the checked account of all jets, and their summary.

    Raises:
        InputFileError: a file that cannot be read, or a class without jets.
    """
    description = settings.description
    cutflow, summary = Cutflow(description.classes), SummaryBuilder(description)
    with DatasetWriter(folder, description) as writer:
        for file in files:
            for chunk in reader.chunks(file, settings.chunk_jets):
                images = images_of(chunk, settings)
                split = split_of(images.batch.event, settings.split)
                for index, name in enumerate(SPLITS):
                    writer.append(name, images.batch.take(np.flatnonzero(split == index)))
                cutflow.add(images.fate, images.batch.label, split)
                summary.add(images.batch, images.mass_constituents, images.mass_image)
                advance(chunk.jets)
    fractions = {name: settings.split.fraction(name) for name in SPLITS}
    names = [str(file) for file in files]
    cutflow.check(sum(files.values()), names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}", fractions)
    return cutflow, summary.result()
