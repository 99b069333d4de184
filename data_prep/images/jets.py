"""From a chunk of jets to their images: which are kept, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.grids.any_grid import AnyGrid
from data_prep.images.batch import ImageBatch
from data_prep.images.candidates import candidate_images, mark_not_finite, power_of_two, require_buildable
from data_prep.images.channels import Channels, needs_particles
from data_prep.images.kernel import SparseImages, pixelise
from data_prep.images.mass import image_mass
from data_prep.jets.candidates import Candidates, CandidateSettings, candidates_of
from data_prep.jets.chunk import NO_CLASS, SEVERAL_CLASSES, JetChunk
from data_prep.jets.expressions import ExpressionText
from data_prep.jets.file_positions import FilePositions
from data_prep.jets.labels import Classes
from data_prep.jets.mass import massless_mass
from data_prep.observables.chunk import observables_of
from data_prep.observables.columns import Observables
from data_prep.readers import ClusteringReader, ClusterSettings, Options, Reader
from data_prep.readers.detect import LayoutSetting
from data_prep.readers.layout import AUTO, LAYOUTS
from data_prep.settings import Gev, Settings
from data_prep.steps.order import Steps, require_fitting
from data_prep.steps.program import Program
from data_prep.store.jet_images import Clustering, ImageDescription, require_indexable
from data_prep.store.split import SplitSettings
from data_prep.streams.chunk_bytes import ChunkImages
from data_prep.streams.cutflow import Fate


@dataclass(frozen=True)
class JetChunkImages(ChunkImages[ImageBatch]):
    """The images of the jets of one chunk; `fate` is the `Fate` of every jet read.

    Attributes:
        mass_constituents: float32 [kept], GeV, of massless constituents.
        mass_image: float32 [kept], GeV, of the pixels.
        labelled: int64 [256], jets of each label, `NO_CLASS` and `SEVERAL_CLASSES` among them.
        problems: what does not close, one sentence each; looked for at the beginning of a file only.
    """

    mass_constituents: npt.NDArray[np.float32]
    mass_image: npt.NDArray[np.float32]
    labelled: npt.NDArray[np.int64]
    problems: Sequence[str] = ()


class SelectionSettings(Settings):
    """Which jets are kept; a bound that is left out does not cut."""

    pt_min: Gev = 0
    """Smallest jet pT (GeV)."""
    pt_max: Gev | None = Field(default=None, gt=0)
    """Jets of this pT (GeV) and more are dropped."""
    abs_eta_max: float | None = Field(default=None, gt=0, le=100)
    """Largest |η| of the jet axis."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.pt_max is not None and self.pt_max <= self.pt_min:
            raise ValueError(f"pt_max must be larger than pt_min ({self.pt_min:g}), it is {self.pt_max:g}")
        return self


class ImagesSettings(Settings):
    """The stage `images`: which jets of the input files become which images."""

    kind: Literal["jets"] = "jets"
    """What an image is of."""
    classes: Classes
    """The classes, in the order of the labels."""
    layout: LayoutSetting = AUTO
    """The layout of the input files: recognised by itself, a known one, or one of your own (docs/data_flow.md)."""
    puppi: Literal["layout", "apply", "ignore"] = "layout"
    """Whether constituents are multiplied by their PUPPI weight: as the layout needs it, always, or never."""
    tree: str | None = Field(default=None, min_length=1)
    """The path of the tree in files that hold several of jets, as `systematics/tree_up`."""
    jets: str | None = Field(default=None, min_length=1)
    """The collection of jets in files that hold several, as `FatJet` or `Jet`."""
    cluster: ClusterSettings = ClusterSettings()
    """How jets are made where the files hold none."""
    weight: ExpressionText | None = None
    """The weight of a jet, as `genWeight`, of either sign; 1 where nothing is said."""
    selection: SelectionSettings = SelectionSettings()
    """Which jets are kept."""
    grid: AnyGrid
    """The pixel grid."""
    channels: Channels = ("pt",)
    """What each pixel holds, in order: pt, charged, neutral, photon, multiplicity."""
    steps: Steps
    """The preprocessing steps, in order."""
    candidates: CandidateSettings | None = None
    """Where given, images are built of integer trigger candidates, to the bit as firmware builds them."""
    observables: bool = True
    """Whether the dataset gets what physicists compute of a jet by hand, which the baseline of trees is trained on; it
    costs more time than the images."""
    split: SplitSettings
    """Fractions of events for training, validation and test."""
    chunk_jets: int = Field(default=20_000, ge=1, le=10_000_000)
    """Jets in memory at once; changes speed and memory, never a result."""

    @model_validator(mode="after")
    def _buildable(self) -> Self:
        if self.tree is not None and not isinstance(self.layout, str):
            raise ValueError("the tree is already named in 'layout': remove 'tree'")
        require_fitting(self.grid, self.steps, self.channels)
        require_indexable((self.grid.rows, self.grid.columns, len(self.channels)))
        if self.candidates is not None:
            if self.channels != ("pt",):
                raise ValueError("images of 'candidates' have the one channel pt: a candidate is pT, η and φ alone")
            require_buildable(self.candidates, self.grid, self.steps)
        return self

    @property
    def options(self) -> Options:
        """What the readers need to know."""
        return Options(
            classes=self.classes,
            particles=needs_particles(self.channels),
            puppi=self.puppi,
            jets=self.jets,
            cluster=self.cluster,
            weight=self.weight,
            tree=self.tree,
        )

    def read_by(self, reader: Reader) -> Self:
        """The same, for files whose layout is known: where jets are clustered, the radius counts as stated."""
        return self.model_copy(update={"cluster": self.cluster}) if isinstance(reader, ClusteringReader) else self

    @property
    def description(self) -> ImageDescription:
        """What the images will be."""
        layout = LAYOUTS[self.layout] if isinstance(self.layout, str) and self.layout != AUTO else None
        clustered = "cluster" in self.model_fields_set or (layout is not None and layout.clusters)
        return ImageDescription(
            classes=tuple(jet_class.name for jet_class in self.classes),
            grid=self.grid,
            channels=self.channels,
            steps=self.steps,
            candidates=self.candidates,
            observables=self.observables,
            puppi=self.puppi,
            cluster=Clustering(radius=self.cluster.radius) if clustered else None,
            jets=self.jets,
        )


def select(chunk: JetChunk, selection: SelectionSettings, *, labelled: bool = True) -> npt.NDArray[np.uint8]:
    """The `Fate` of each jet before its image is made: uint8 [jets].

    Args:
        chunk: the jets.
        selection: which are kept.
        labelled: whether a jet must belong to one class; not so of data, whose labels are not read.
    """
    fate = np.full(chunk.jets, Fate.KEPT, np.uint8)
    pt, eta = chunk.jet_pt, np.abs(chunk.jet_eta)
    checks = [
        (Fate.NO_CLASS, labelled & (chunk.label == NO_CLASS)),
        (Fate.SEVERAL_CLASSES, labelled & (chunk.label == SEVERAL_CLASSES)),
        (Fate.NO_CONSTITUENTS, chunk.multiplicity == 0),
        (Fate.NOT_FINITE, ~(np.isfinite(pt) & np.isfinite(eta) & np.isfinite(chunk.jet_phi))),
        (Fate.NEGATIVE_ENERGY, _any_negative(chunk)),
        (Fate.WEIGHT_NOT_FINITE, ~np.isfinite(chunk.weight)),
        (Fate.OUTSIDE_PT, pt < selection.pt_min),
    ]
    if selection.pt_max is not None:
        checks.append((Fate.OUTSIDE_PT, pt >= selection.pt_max))
    if selection.abs_eta_max is not None:
        checks.append((Fate.OUTSIDE_ETA, eta > selection.abs_eta_max))
    for reason, dropped in checks:
        fate[dropped & (fate == Fate.KEPT)] = reason
    return fate


def _any_negative(chunk: JetChunk) -> npt.NDArray[np.bool_]:
    """Jets with a constituent of negative energy: bool [jets]."""
    jets = np.zeros(chunk.jets, np.bool_)
    negative = np.flatnonzero(chunk.energy < 0)
    if negative.size:
        jets[np.searchsorted(chunk.offsets, negative, side="right") - 1] = True
    return jets


def images_of(
    chunk: JetChunk,
    settings: ImagesSettings,
    *,
    labelled: bool = True,
    places: FilePositions | None = None,
    observables: bool = False,
) -> JetChunkImages:
    """Select the jets of a chunk and make their images.

    Args:
        chunk: the jets.
        settings: the configuration.
        labelled: see `select`.
        places: where all jets of the chunk stand, which the kept ones then know.
        observables: whether those of the kept jets are computed, whatever the configuration says.
    """
    program = Program.of(settings.steps, settings.channels)
    images, candidates = _pixels(chunk, select(chunk, settings.selection, labelled=labelled), settings, program)
    kept = images.fate == Fate.KEPT
    columns = (
        observables_of(chunk, kept, settings.grid, program, candidates, settings.candidates) if observables else None
    )
    mass = massless_mass(chunk.offsets, chunk.pt, chunk.eta, chunk.phi, chunk.jet_eta, chunk.jet_phi)
    return JetChunkImages(
        batch=_batch(chunk, images, candidates, kept, settings.description.shape, places, columns),
        fate=images.fate,
        mass_constituents=mass[kept],
        mass_image=image_mass(
            images.offsets, images.pixel, images.value, images.scale, settings.grid, settings.channels
        ),
        labelled=np.bincount(chunk.label, minlength=256).astype(np.int64),
    )


def _pixels(
    chunk: JetChunk, fate: npt.NDArray[np.uint8], settings: ImagesSettings, program: Program
) -> tuple[SparseImages, Candidates | None]:
    """The images of the jets that are kept so far, and the candidates that they are made of, where they are.

    The one place that knows what images can be made of; another kind of image is a file beside `kernel.py` and
    `candidates.py`, and a case here.
    """
    if settings.candidates is None:
        return pixelise(chunk, fate, settings.grid, program), None
    candidates, finite = candidates_of(chunk, settings.candidates), mark_not_finite(chunk, fate)
    normalise = power_of_two(settings.steps)
    return candidate_images(candidates, finite, settings.candidates, settings.grid, normalise=normalise), candidates


def features_of(chunk: JetChunk) -> dict[str, npt.NDArray[np.float32]]:
    """The features of all jets of a chunk by name, `image_batch.FEATURES`: float32 [jets]; GeV, rad."""
    return {
        "jet_pt": chunk.jet_pt,
        "jet_eta": chunk.jet_eta,
        "jet_phi": chunk.jet_phi,
        "jet_mass": chunk.jet_mass,
        **chunk.stored,
        "jet_multiplicity": chunk.multiplicity.astype(np.float32),
    }


def _batch(
    chunk: JetChunk,
    images: SparseImages,
    candidates: Candidates | None,
    kept: npt.NDArray[np.bool_],
    shape: tuple[int, int, int],
    places: FilePositions | None,
    observables: Observables | None,
) -> ImageBatch:
    return ImageBatch(
        shape=shape,
        offsets=images.offsets,
        pixel=images.pixel,
        value=images.value,
        label=chunk.label[kept],
        weight=chunk.weight[kept],
        event=chunk.event[kept],
        features={name: column[kept] for name, column in features_of(chunk).items()},
        candidates=None if candidates is None else candidates.take(np.flatnonzero(kept)),
        places=None if places is None else places.take(np.flatnonzero(kept)),
        observables=observables,
    )
