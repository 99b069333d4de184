"""The mass closure: how preprocessing and pixels change the mass of a jet.

For every variant of preprocessing and grid the mass is computed again from the moved constituents or the pixels, and
compared with that of the jet's constituents, taken as massless. Only sums are kept, by class, |η| of the jet and ΔR of
its two subjets, so that memory does not grow with the number of jets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.closure.result import ABS_ETA_EDGES, DELTA_R_EDGES, RATIO_EDGES, MassClosureSums
from data_prep.closure.variants import NORMS, Variant, constituent_variants, norm_steps, pixel_variants, window_of
from data_prep.errors import InputFileError
from data_prep.grids.square import SquareGrid
from data_prep.images.candidates import mark_not_finite
from data_prep.images.jets import ImagesSettings, images_of, select
from data_prep.images.kernel import pixelise
from data_prep.images.mass import image_mass
from data_prep.jets.chunk import JetChunk
from data_prep.jets.mass import lecture_notes_mass, massless_mass
from data_prep.jets.subjets import subjet_separation
from data_prep.readers.float_warnings import without_float_warnings
from data_prep.steps.program import Program, moved_constituents
from data_prep.streams.cutflow import Fate

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LIGHT = 1.0
"""Jets below this mass (GeV) have no part in relative differences."""

_WEIGHT, _SQUARED_WEIGHT, _DIFFERENCE, _SQUARE, _MOMENTS = range(5)


class MassClosure:
    """Fills the sums of the mass closure, chunk by chunk.

    Args:
        settings: of the stage `images`: the selection, and the image that the run makes.
    """

    def __init__(self, settings: ImagesSettings) -> None:
        self._settings = settings
        window = window_of(settings.grid)
        configured = Variant("as configured", tuple(settings.steps), settings.grid)
        self._variants = (*constituent_variants(), *pixel_variants(window), configured)
        self._norm_grid = SquareGrid(pixels=32, half_width=window)
        classes, bins = len(settings.classes), (ABS_ETA_EDGES.size - 1, DELTA_R_EDGES.size - 1)
        count = len(self._variants)
        self._jets = np.zeros(classes, np.int64)
        self._moments = np.zeros((count, classes, *bins, _MOMENTS))
        self._imaged = np.zeros((count, classes), np.int64)
        self._largest = np.zeros((count, classes))
        self._norms = np.zeros((len(NORMS), 2, classes, 6))
        self._ratio = np.zeros((classes, bins[0], RATIO_EDGES.size - 1))

    @without_float_warnings
    def add(self, chunk: JetChunk) -> None:
        """Add the jets of a chunk that pass the selection."""
        fate = mark_not_finite(chunk, select(chunk, self._settings.selection))
        jets = _Jets.of(chunk, fate, len(self._settings.classes))
        self._jets += np.bincount(jets.label, minlength=self._jets.size)
        for index, variant in enumerate(self._variants[:-1]):
            self._compare(index, jets, *_masses(chunk, fate, variant))
        images = images_of(chunk, self._settings)
        self._compare(len(self._variants) - 1, jets, images.mass_image, images.fate[jets.kept] == Fate.KEPT)
        self._add_norms(chunk, fate, jets)
        self._add_ratio(chunk, jets)

    def result(self) -> MassClosureSums:
        """The sums.

        Raises:
            InputFileError: no jet was kept.
        """
        if not self._jets.sum():
            raise InputFileError(
                "no jet passes the selection and belongs to a class", remedy="correct selection and classes"
            )
        return MassClosureSums(
            classes=self._settings.description.classes,
            variants=self._variants,
            jets=self._jets,
            moments=self._moments,
            imaged=self._imaged,
            largest=self._largest,
            norms=self._norms,
            ratio=self._ratio,
        )

    def _compare(self, index: int, jets: _Jets, mass: Float32, imaged: Bools) -> None:
        """Add the masses (GeV) of the jets that have an image."""
        label, true, weight = jets.label[imaged], jets.mass[imaged], jets.weight[imaged]
        difference = mass.astype(np.float64) - true
        terms = (weight, weight**2, weight * difference, weight * difference**2)
        for k, term in enumerate(terms):
            np.add.at(self._moments[index, ..., k], (label, jets.abs_eta[imaged], jets.delta_r[imaged]), term)
        self._imaged[index] += np.bincount(label, minlength=self._jets.size)
        heavy = true > LIGHT
        np.maximum.at(self._largest[index], label[heavy], np.abs(difference[heavy]) / true[heavy])

    def _add_norms(self, chunk: JetChunk, fate: npt.NDArray[np.uint8], jets: _Jets) -> None:
        for index, norm in enumerate(NORMS):
            images = pixelise(chunk, fate, self._norm_grid, Program.of(norm_steps(norm)))
            imaged = images.fate[jets.kept] == Fate.KEPT
            unscaled = np.ones_like(images.scale)
            x = image_mass(images.offsets, images.pixel, images.value, unscaled, self._norm_grid).astype(np.float64)
            w, label = jets.weight[imaged], jets.label[imaged]
            for over, y in enumerate((jets.mass[imaged], jets.mass[imaged] / jets.sum_pt[imaged])):
                for k, term in enumerate((w, w * x, w * y, w * x**2, w * y**2, w * x * y)):
                    np.add.at(self._norms[index, over, :, k], label, term)

    def _add_ratio(self, chunk: JetChunk, jets: _Jets) -> None:
        notes_mass = lecture_notes_mass(chunk.offsets, chunk.pt, chunk.eta, chunk.phi, chunk.jet_eta, chunk.jet_phi)
        heavy = jets.mass > LIGHT
        ratio = notes_mass[jets.kept][heavy] / jets.mass[heavy]
        bin_index = np.clip(np.searchsorted(RATIO_EDGES, ratio, side="right") - 1, 0, RATIO_EDGES.size - 2)
        np.add.at(self._ratio, (jets.label[heavy], jets.abs_eta[heavy], bin_index), jets.weight[heavy])


@dataclass(frozen=True)
class _Jets:
    """Quantities of the jets of a chunk that are kept: `kept` is bool [jets], all others have one entry a kept jet."""

    kept: Bools
    label: npt.NDArray[np.int64]
    weight: Float64
    mass: Float64
    sum_pt: Float64
    abs_eta: npt.NDArray[np.int64]
    delta_r: npt.NDArray[np.int64]

    @classmethod
    def of(cls, chunk: JetChunk, fate: npt.NDArray[np.uint8], classes: int) -> _Jets:
        kept = fate == Fate.KEPT
        mass = massless_mass(chunk.offsets, chunk.pt, chunk.eta, chunk.phi, chunk.jet_eta, chunk.jet_phi)
        separation = subjet_separation(chunk.offsets, chunk.pt, chunk.eta, chunk.phi, kept)
        total = np.append(0.0, np.cumsum(np.where(np.isfinite(chunk.pt), chunk.pt, 0), dtype=np.float64))
        return cls(
            kept=kept,
            label=chunk.label[kept].astype(np.int64),
            weight=chunk.weight[kept].astype(np.float64),
            mass=mass[kept].astype(np.float64),
            sum_pt=(total[chunk.offsets[1:]] - total[chunk.offsets[:-1]])[kept],
            abs_eta=_bin(np.abs(chunk.jet_eta[kept]), ABS_ETA_EDGES),
            delta_r=_bin(separation[kept], DELTA_R_EDGES),
        )


def _bin(value: npt.NDArray[Any], edges: Float64) -> npt.NDArray[np.int64]:
    return np.searchsorted(edges, value, side="right").astype(np.int64) - 1


def _masses(chunk: JetChunk, fate: npt.NDArray[np.uint8], variant: Variant) -> tuple[Float32, Bools]:
    """The masses (GeV) of the kept jets that have an image, and for every kept jet whether it has one."""
    kept = fate == Fate.KEPT
    program = Program.of(variant.steps)
    if variant.grid is None:
        constituents = moved_constituents(chunk, program)
        origin = np.zeros(chunk.jets, np.float32)
        return massless_mass(chunk.offsets, *constituents, origin, origin)[kept], np.ones(int(kept.sum()), np.bool_)
    images = pixelise(chunk, fate, variant.grid, program)
    mass = image_mass(images.offsets, images.pixel, images.value, images.scale, variant.grid)
    return mass, images.fate[kept] == Fate.KEPT
