"""Sparse jet images with their labels and features: what is written, read back and turned into dense arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data_prep.jets.candidates import Candidates
from data_prep.jets.file_positions import FilePositions
from data_prep.observables.columns import COLUMNS, Observables
from data_prep.system.compiled import compiled

FEATURES = (
    "jet_pt",
    "jet_eta",
    "jet_phi",
    "jet_mass",
    "jet_sdmass",
    "jet_tau1",
    "jet_tau2",
    "jet_tau3",
    "jet_tau4",
    "jet_multiplicity",
)
"""The features of a jet, in the order of the columns; NaN where the input file does not hold one."""


@dataclass(frozen=True)
class ImageBatch:
    """Jet images, one a row.

    Attributes:
        shape: rows, columns, channels of the dense image.
        offsets: int64 [n + 1]; the lit pixels of image i are `offsets[i]:offsets[i + 1]`.
        pixel: uint16 [lit], ascending within an image: (row · columns + column) · channels + channel.
        value: float32 [lit], after normalisation.
        label: uint8 [n], index into the dataset's classes.
        weight: float32 [n], event weight.
        event: uint64 [n], event identifier.
        features: float32 [n] by name, see `FEATURES`; GeV, radians.
        candidates: what the images were built of, where that is integers; None where it is not, or was not read.
        places: where the jets stand in the input files; None where that is not known.
        observables: of the constituents; None where they were not computed, or not read.
    """

    shape: tuple[int, int, int]
    offsets: npt.NDArray[np.int64]
    pixel: npt.NDArray[np.uint16]
    value: npt.NDArray[np.float32]
    label: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.float32]
    event: npt.NDArray[np.uint64]
    features: dict[str, npt.NDArray[np.float32]]
    candidates: Candidates | None = None
    places: FilePositions | None = None
    observables: Observables | None = None

    def __len__(self) -> int:
        return self.label.size

    def dense(self) -> npt.NDArray[np.float32]:
        """The images as float32 [n, rows, columns, channels]."""
        return densify(self.offsets, self.pixel, self.value, self.shape)

    def take(self, rows: npt.NDArray[np.int64]) -> ImageBatch:
        """The images of the given rows, in their order.

        Raises:
            IndexError: when a row is negative or beyond the last one.
        """
        rows = np.asarray(rows, dtype=np.int64)
        if rows.size and (rows.min() < 0 or rows.max() >= len(self)):
            raise IndexError(f"rows must lie in 0 to {len(self) - 1}")
        offsets, pixel, value = _gather(self.offsets, self.pixel, self.value, rows)
        return ImageBatch(
            shape=self.shape,
            offsets=offsets,
            pixel=pixel,
            value=value,
            label=self.label[rows],
            weight=self.weight[rows],
            event=self.event[rows],
            features={name: column[rows] for name, column in self.features.items()},
            candidates=None if self.candidates is None else self.candidates.take(rows),
            places=None if self.places is None else self.places.take(rows),
            observables=None if self.observables is None else self.observables.take(rows),
        )

    def slice(self, start: int, stop: int) -> ImageBatch:
        """The images start to stop - 1, without copying pixels."""
        first, last = self.offsets[start], self.offsets[stop]
        return ImageBatch(
            shape=self.shape,
            offsets=self.offsets[start : stop + 1] - first,
            pixel=self.pixel[first:last],
            value=self.value[first:last],
            label=self.label[start:stop],
            weight=self.weight[start:stop],
            event=self.event[start:stop],
            features={name: column[start:stop] for name, column in self.features.items()},
            candidates=None if self.candidates is None else self.candidates.take(slice(start, stop)),
            places=None if self.places is None else self.places.take(slice(start, stop)),
            observables=None if self.observables is None else self.observables.slice(start, stop),
        )

    def flat(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Flat arrays by name, and facts that JSON holds."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "lit": np.diff(self.offsets).astype(np.uint32),
            **{name: getattr(self, name) for name in _COLUMNS},
            **{f"feature {name}": self.features[name] for name in FEATURES},
        }
        if self.places is not None:
            arrays |= {f"places {name}": values for name, values in vars(self.places).items()}
        if self.observables is not None:
            arrays |= {f"observable {name}": values for name, values in self.observables.columns.items()}
        if self.candidates is not None:
            arrays |= {f"candidates {name}": values.ravel() for name, values in vars(self.candidates).items()}
        number = None if self.candidates is None else self.candidates.number
        return arrays, {"shape": self.shape, "candidates": number}

    @classmethod
    def of_flat(cls, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> Self:
        """The images of which these are the arrays and the facts; others may be among them."""
        candidates = places = observables = None
        if (number := facts["candidates"]) is not None:
            pt, eta, phi = (arrays[f"candidates {name}"].reshape(-1, number) for name in ("pt", "eta", "phi"))
            candidates = Candidates(pt, eta, phi, arrays["candidates seed_eta"], arrays["candidates seed_phi"])
        if "places file" in arrays:
            places = FilePositions(*(arrays[f"places {field.name}"] for field in fields(FilePositions)))
        if f"observable {COLUMNS[0]}" in arrays:
            observables = Observables.of_columns([arrays[f"observable {name}"] for name in COLUMNS])
        return cls(
            shape=tuple(facts["shape"]),
            offsets=np.concatenate([np.zeros(1, np.int64), np.cumsum(arrays["lit"], dtype=np.int64)]),
            **{name: arrays[name] for name in _COLUMNS},
            features={name: arrays[f"feature {name}"] for name in FEATURES},
            candidates=candidates,
            places=places,
            observables=observables,
        )


_COLUMNS = ("pixel", "value", "label", "weight", "event")


def concatenate(batches: Sequence[ImageBatch]) -> ImageBatch:
    """Join batches of one shape, in their order; at least one."""
    if len(batches) == 1:
        return batches[0]
    lit = np.concatenate([np.diff(batch.offsets) for batch in batches])
    candidates = [batch.candidates for batch in batches if batch.candidates is not None]
    if candidates and len(candidates) < len(batches):
        raise ValueError("some of these batches have candidates, and some have none")
    jets = [batch for batch in batches if len(batch)]
    places = [batch.places for batch in jets if batch.places is not None]
    if places and len(places) < len(jets):
        raise ValueError("only some of these batches know which file and entry their jets are from")
    observables = [batch.observables for batch in jets if batch.observables is not None]
    if observables and len(observables) < len(jets):
        raise ValueError("some of these batches have observables, and some have none")
    return ImageBatch(
        shape=batches[0].shape,
        offsets=np.concatenate([np.zeros(1, np.int64), np.cumsum(lit)]),
        pixel=np.concatenate([batch.pixel for batch in batches]),
        value=np.concatenate([batch.value for batch in batches]),
        label=np.concatenate([batch.label for batch in batches]),
        weight=np.concatenate([batch.weight for batch in batches]),
        event=np.concatenate([batch.event for batch in batches]),
        features={name: np.concatenate([batch.features[name] for batch in batches]) for name in batches[0].features},
        candidates=Candidates.joined(candidates) if candidates else None,
        places=FilePositions.joined(places) if places else None,
        observables=Observables.joined(observables) if observables else None,
    )


def empty(shape: tuple[int, int, int], candidates: int | None = None) -> ImageBatch:
    """A batch without images; `candidates` is how many candidates each of them would have."""
    return ImageBatch(
        shape=shape,
        offsets=np.zeros(1, np.int64),
        pixel=np.zeros(0, np.uint16),
        value=np.zeros(0, np.float32),
        label=np.zeros(0, np.uint8),
        weight=np.zeros(0, np.float32),
        event=np.zeros(0, np.uint64),
        features={name: np.zeros(0, np.float32) for name in FEATURES},
        candidates=None if candidates is None else Candidates.none(candidates),
    )


def densify(
    offsets: npt.NDArray[np.int64],
    pixel: npt.NDArray[np.uint16],
    value: npt.NDArray[np.float32],
    shape: tuple[int, int, int],
) -> npt.NDArray[np.float32]:
    """Turn sparse images into float32 [n, rows, columns, channels]."""
    dense = np.zeros((offsets.size - 1, shape[0] * shape[1] * shape[2]), dtype=np.float32)
    _fill(offsets, pixel, value, dense)
    return dense.reshape(-1, *shape)


@compiled
def _fill(
    offsets: npt.NDArray[np.int64],
    pixel: npt.NDArray[np.uint16],
    value: npt.NDArray[np.float32],
    dense: npt.NDArray[np.float32],
) -> None:
    for i in range(offsets.size - 1):
        for k in range(offsets[i], offsets[i + 1]):
            dense[i, pixel[k]] = value[k]


@compiled
def _gather(
    offsets: npt.NDArray[np.int64],
    pixel: npt.NDArray[np.uint16],
    value: npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16], npt.NDArray[np.float32]]:
    chosen = np.zeros(rows.size + 1, np.int64)
    for i in range(rows.size):
        chosen[i + 1] = chosen[i] + offsets[rows[i] + 1] - offsets[rows[i]]
    chosen_pixel = np.empty(chosen[-1], np.uint16)
    chosen_value = np.empty(chosen[-1], np.float32)
    for i in range(rows.size):
        start = offsets[rows[i]]
        for k in range(chosen[i + 1] - chosen[i]):
            chosen_pixel[chosen[i] + k] = pixel[start + k]
            chosen_value[chosen[i] + k] = value[start + k]
    return chosen, chosen_pixel, chosen_value
