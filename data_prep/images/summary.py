"""What the images of each class look like in sum: mean image, occupancy, jet mass before and after pixelising."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.images.batch import ImageBatch
from data_prep.store.jet_images import ImageDescription
from data_prep.store.saved_arrays import SavedArrays
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

MASS_EDGES = np.linspace(0, 400, 101)
"""Edges of the mass histograms, GeV."""


@dataclass(frozen=True)
class Summary(SavedArrays):
    """Sums over all kept jets, event weights applied.

    Attributes:
        weight: float64 [classes], sum of weights.
        mean_image: float64 [classes, rows, columns, channels].
        occupancy: float64 [classes, pixels · channels + 1], jets with that many lit pixels.
        mass_constituents: float64 [classes, mass bins], from massless constituents before any step.
        mass_image: float64 [classes, mass bins], from the pixels.
        mass_edges: float64 [mass bins + 1], GeV; heavier jets are in no bin.
        occupancy_squares, mass_constituents_squares, mass_image_squares: of the same histograms the sums of squared
            weights, whose roots are the statistical errors of the bins.
    """

    remedy = "make it with `python -m pipeline images`"
    weight: Float64
    mean_image: Float64
    occupancy: Float64
    mass_constituents: Float64
    mass_image: Float64
    mass_edges: Float64
    occupancy_squares: Float64
    mass_constituents_squares: Float64
    mass_image_squares: Float64


class SummaryBuilder:
    """Adds jets up, one after the other: the sums do not depend on the batches they come in.

    Args:
        description: what the images are.
    """

    def __init__(self, description: ImageDescription) -> None:
        self._shape = description.shape
        classes, size = len(description.classes), int(np.prod(self._shape))
        self._weight = np.zeros(classes)
        self._image = np.zeros((classes, size))
        # sums of weights, and of their squares
        self._occupancy = np.zeros((2, classes, size + 1))
        self._mass = np.zeros((2, 2, classes, MASS_EDGES.size - 1))

    def add(self, batch: ImageBatch, mass_constituents: Float32, mass_image: Float32) -> None:
        """Add images with their masses (float32 [images], GeV)."""
        width = float(MASS_EDGES[1] - MASS_EDGES[0])
        _add_images(
            batch.offsets,
            batch.pixel,
            batch.value,
            batch.label,
            batch.weight,
            self._weight,
            self._image,
            self._occupancy,
        )
        _add_masses(mass_constituents, batch.label, batch.weight, width, self._mass[0])
        _add_masses(mass_image, batch.label, batch.weight, width, self._mass[1])

    def result(self) -> Summary:
        """The summary of all that was added; the mean image of a class without weight is 0."""
        weight = np.where(self._weight > 0, self._weight, 1)[:, np.newaxis]
        return Summary(
            weight=self._weight.copy(),
            mean_image=(self._image / weight).reshape(-1, *self._shape),
            occupancy=self._occupancy[0].copy(),
            mass_constituents=self._mass[0, 0].copy(),
            mass_image=self._mass[1, 0].copy(),
            mass_edges=MASS_EDGES,
            occupancy_squares=self._occupancy[1].copy(),
            mass_constituents_squares=self._mass[0, 1].copy(),
            mass_image_squares=self._mass[1, 1].copy(),
        )


@compiled
def _add_images(
    offsets: npt.NDArray[np.int64],
    pixel: npt.NDArray[np.uint16],
    value: Float32,
    label: npt.NDArray[np.uint8],
    weight: Float32,
    total: Float64,
    image: Float64,
    occupancy: Float64,
) -> None:
    for i in range(label.size):
        total[label[i]] += weight[i]
        occupancy[0, label[i], offsets[i + 1] - offsets[i]] += weight[i]
        occupancy[1, label[i], offsets[i + 1] - offsets[i]] += np.float64(weight[i]) ** 2
        for k in range(offsets[i], offsets[i + 1]):
            image[label[i], pixel[k]] += np.float64(weight[i]) * value[k]


@compiled
def _add_masses(mass: Float32, label: npt.NDArray[np.uint8], weight: Float32, width: float, histogram: Float64) -> None:
    for i in range(mass.size):
        position = mass[i] / width
        if position < histogram.shape[2]:
            histogram[0, label[i], int(position)] += weight[i]
            histogram[1, label[i], int(position)] += np.float64(weight[i]) ** 2
