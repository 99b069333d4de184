"""Sparse event images with the truth of every tower and the truth jets: what is written, read back and made dense.

φ is periodic. Pixels are stored once; the dense image repeats `wrap` columns on either side, so that plain convolutions
see across φ = ±π. Truth, and what a network says about towers, is for the inner columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data_prep.images.batch import densify
from data_prep.system.compiled import compiled

TOWER_CLASSES = ("empty", "pileup", "quark/gluon", "W/Z/H", "top")
"""The classes that networks tell apart, in the order of their codes."""
EMPTY, PILEUP, QUARK_GLUON, BOSON, TOP, UNDECIDED = range(6)
TRUTH_CLASSES = (*TOWER_CLASSES, "undecided")
"""The true classes of a tower. Undecided is what the hard collision left outside the listed jets: neither pileup nor a
jet that is to be found. It counts in no loss and no metric."""

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class EventBatch:
    """Event images, one a row.

    Attributes:
        shape: rows (η), columns (φ), channels of the towers, without repeated columns.
        wrap: columns that the dense image repeats on each side.
        offsets: int64 [n + 1]; the lit pixels of event i are `offsets[i]:offsets[i + 1]`.
        pixel: uint16 [lit], ascending within an event: (row · columns + column) · channels + channel.
        value: float32 [lit], transverse energy or momentum (GeV).
        tower_offsets: int64 [n + 1]; the towers of event i in which there is anything.
        tower: uint16 [towers], ascending within an event: row · columns + column.
        tower_class: uint8 [towers], see `TRUTH_CLASSES`: of what has most transverse energy in it.
        tower_instance: uint8 [towers], 0 none, else 1 + index of the jet within its event.
        tower_pt_true: float32 [towers], transverse energy that is not pileup (GeV).
        jet_offsets: int64 [n + 1]; the truth jets of event i, by falling pT.
        jet_pt, jet_eta, jet_phi, jet_mass: float32 [jets]; GeV, φ in [−π, π).
        jet_kind: uint8 [jets], a code of `TOWER_CLASSES`: QUARK_GLUON, BOSON or TOP.
        jet_box: float32 [jets, 4], η min, η max, φ min, φ max of its towers; φ min in [−π, π), φ max may exceed π.
        unlisted_offsets: int64 [n + 1]; the truth jets of event i that are too soft or too far forward to be listed.
        unlisted_pt, unlisted_eta, unlisted_phi: float32 [unlisted jets]; the axis may lie outside the image.
        pileup: float32 [n], interactions that lie over the hard one.
        event: uint64 [n], event identifier.
        library: uint64 [n], equal for events that were laid under collisions of the same library of pileup; decides
            the split.
        weight: float32 [n], event weight.
    """

    shape: tuple[int, int, int]
    wrap: int
    offsets: Int64
    pixel: npt.NDArray[np.uint16]
    value: Float32
    tower_offsets: Int64
    tower: npt.NDArray[np.uint16]
    tower_class: npt.NDArray[np.uint8]
    tower_instance: npt.NDArray[np.uint8]
    tower_pt_true: Float32
    jet_offsets: Int64
    jet_pt: Float32
    jet_eta: Float32
    jet_phi: Float32
    jet_mass: Float32
    jet_kind: npt.NDArray[np.uint8]
    jet_box: Float32
    unlisted_offsets: Int64
    unlisted_pt: Float32
    unlisted_eta: Float32
    unlisted_phi: Float32
    pileup: Float32
    event: npt.NDArray[np.uint64]
    library: npt.NDArray[np.uint64]
    weight: Float32

    def __len__(self) -> int:
        return self.event.size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Rows, columns with the repeated ones, channels of the dense image."""
        rows, columns, channels = self.shape
        return rows, columns + 2 * self.wrap, channels

    def dense(self) -> Float32:
        """The images as float32 [n, rows, columns + 2 · wrap, channels]."""
        return wrapped(densify(self.offsets, self.pixel, self.value, self.shape), self.wrap)

    def dense_class(self) -> npt.NDArray[np.uint8]:
        """The true class of every tower (`TRUTH_CLASSES`): uint8 [n, rows, columns]."""
        return self._spread(self.tower_class)

    def dense_instance(self) -> npt.NDArray[np.uint8]:
        """0 or 1 + the index of the jet of every tower: uint8 [n, rows, columns]."""
        return self._spread(self.tower_instance)

    def dense_pt_true(self) -> Float32:
        """Transverse energy that is not pileup (GeV) in every tower: float32 [n, rows, columns]."""
        return self._spread(self.tower_pt_true)

    def _spread(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        rows, columns, _ = self.shape
        dense = np.zeros((len(self), rows * columns), values.dtype)
        dense[np.repeat(np.arange(len(self)), np.diff(self.tower_offsets)), self.tower] = values
        return dense.reshape(-1, rows, columns)

    def take(self, rows: npt.NDArray[np.int64]) -> EventBatch:
        """The events of the given rows, in their order.

        Raises:
            IndexError: when a row is negative or beyond the last one.
        """
        rows = np.asarray(rows, dtype=np.int64)
        if rows.size and (rows.min() < 0 or rows.max() >= len(self)):
            raise IndexError(f"rows must lie in 0 to {len(self) - 1}")
        chosen: dict[str, Any] = {name: getattr(self, name)[rows] for name in PER_EVENT}
        for offsets, columns in JAGGED.items():
            starts = getattr(self, offsets)
            chosen[offsets], index = _gathered(starts, rows)
            chosen |= {name: getattr(self, name)[index] for name in columns}
        return EventBatch(shape=self.shape, wrap=self.wrap, **chosen)

    def slice(self, start: int, stop: int) -> EventBatch:
        """The events start to stop - 1, without copying pixels."""
        chosen: dict[str, Any] = {name: getattr(self, name)[start:stop] for name in PER_EVENT}
        for offsets, columns in JAGGED.items():
            starts = getattr(self, offsets)[start : stop + 1]
            chosen[offsets] = starts - starts[0]
            chosen |= {name: getattr(self, name)[starts[0] : starts[-1]] for name in columns}
        return EventBatch(shape=self.shape, wrap=self.wrap, **chosen)

    def flat(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Flat arrays by name, and facts that JSON holds."""
        arrays = {name: getattr(self, name).ravel() for name in (*JAGGED, *DTYPES)}
        return arrays, {"shape": self.shape, "wrap": self.wrap}

    @classmethod
    def of_flat(cls, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> Self:
        """The events of which these are the arrays and the facts; others may be among them."""
        columns: dict[str, Any] = {name: arrays[name] for name in (*JAGGED, *DTYPES)}
        columns["jet_box"] = columns["jet_box"].reshape(-1, 4)
        return cls(shape=tuple(facts["shape"]), wrap=facts["wrap"], **columns)


PER_EVENT = ("pileup", "event", "library", "weight")
"""The columns with a value for each event."""
JAGGED = {
    "offsets": ("pixel", "value"),
    "tower_offsets": ("tower", "tower_class", "tower_instance", "tower_pt_true"),
    "jet_offsets": ("jet_pt", "jet_eta", "jet_phi", "jet_mass", "jet_kind", "jet_box"),
    "unlisted_offsets": ("unlisted_pt", "unlisted_eta", "unlisted_phi"),
}
"""The columns with a list for each event, by their offsets."""
DTYPES: dict[str, Any] = {
    "pixel": np.uint16,
    "value": np.float32,
    "tower": np.uint16,
    "tower_class": np.uint8,
    "tower_instance": np.uint8,
    "tower_pt_true": np.float32,
    "jet_pt": np.float32,
    "jet_eta": np.float32,
    "jet_phi": np.float32,
    "jet_mass": np.float32,
    "jet_kind": np.uint8,
    "jet_box": np.float32,
    "unlisted_pt": np.float32,
    "unlisted_eta": np.float32,
    "unlisted_phi": np.float32,
    "pileup": np.float32,
    "event": np.uint64,
    "library": np.uint64,
    "weight": np.float32,
}
"""The types of all columns but the offsets."""


def concatenate(batches: Sequence[EventBatch]) -> EventBatch:
    """Join batches of one shape, in their order; at least one."""
    first = batches[0]
    joined: dict[str, Any] = {}
    for offsets in JAGGED:
        sizes = np.concatenate([np.diff(getattr(batch, offsets)) for batch in batches])
        joined[offsets] = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    for field in fields(EventBatch):
        if field.name in DTYPES:
            joined[field.name] = np.concatenate([getattr(batch, field.name) for batch in batches])
    return EventBatch(shape=first.shape, wrap=first.wrap, **joined)


def empty(shape: tuple[int, int, int], wrap: int = 0) -> EventBatch:
    """A batch without events."""
    columns: dict[str, Any] = {name: np.zeros(0, dtype) for name, dtype in DTYPES.items()}
    columns["jet_box"] = np.zeros((0, 4), np.float32)
    columns |= {name: np.zeros(1, np.int64) for name in JAGGED}
    return EventBatch(shape=shape, wrap=wrap, **columns)


def wrapped(images: npt.NDArray[Any], wrap: int) -> npt.NDArray[Any]:
    """Repeat columns beyond φ = ±π: [n, rows, columns, …] becomes [n, rows, columns + 2 · wrap, …].

    >>> wrapped(np.array([[[1, 2, 3]]]), 1).tolist()
    [[[3, 1, 2, 3, 1]]]
    """
    columns = images.shape[2]
    return images[:, :, np.arange(-wrap, columns + wrap) % columns] if wrap else images


@compiled
def _gathered(offsets: Int64, rows: Int64) -> tuple[Int64, Int64]:
    chosen = np.zeros(rows.size + 1, np.int64)
    for i in range(rows.size):
        chosen[i + 1] = chosen[i] + offsets[rows[i] + 1] - offsets[rows[i]]
    index = np.empty(chosen[-1], np.int64)
    for i in range(rows.size):
        for k in range(chosen[i + 1] - chosen[i]):
            index[chosen[i] + k] = offsets[rows[i]] + k
    return chosen, index
