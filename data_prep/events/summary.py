"""What event images hold in sum: mean image, truth by class, the listed jets, and where energy is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import TRUTH_CLASSES, EventBatch
from data_prep.events.images import EventChunkImages
from data_prep.events.settings import EventDescription
from data_prep.store.saved_arrays import SavedArrays

Float64 = npt.NDArray[np.float64]

PT_EDGES = np.linspace(0, 1000, 51)
"""Edges of the histogram of jet pT, GeV."""
MOST_JETS_DRAWN = 12
"""Events with more jets than this are counted with those that have as many."""
_CLASSES = len(TRUTH_CLASSES)


@dataclass(frozen=True)
class EventSummary(SavedArrays):
    """Sums over all kept events.

    Attributes:
        events: float64, how many.
        mean_image: float64 [rows, columns, channels] (GeV).
        towers: float64 [classes], towers of each class, empty and undecided ones among them (`TRUTH_CLASSES`).
        energy: float64 [classes], Σ of the pixels in towers of each class (GeV).
        jet_pt: float64 [classes, pT bins], listed jets by kind; harder jets are in the last bin.
        jets: float64 [jets + 1], events with that many listed jets.
        pileup: float64 [interactions + 1], events with that many interactions besides the hard one.
        account: float64 [3], Σ (GeV) in pixels, below `pixel_min`, outside the grid.
    """

    remedy = "make it with `python -m pipeline images` and `kind: events`"
    events: Float64
    mean_image: Float64
    towers: Float64
    energy: Float64
    jet_pt: Float64
    jets: Float64
    pileup: Float64
    account: Float64


class EventSummaryBuilder:
    """Adds events up, one after the other: the sums do not depend on the chunks they come in.

    Args:
        description: what the images are.
    """

    def __init__(self, description: EventDescription) -> None:
        self._shape = description.shape
        self._events = 0
        self._image = np.zeros(int(np.prod(self._shape)))
        self._towers, self._energy = np.zeros(_CLASSES), np.zeros(_CLASSES)
        self._jet_pt = np.zeros((_CLASSES, PT_EDGES.size - 1))
        self._jets = np.zeros(MOST_JETS_DRAWN + 1)
        self._pileup: Float64 = np.zeros(1)
        self._account = np.zeros(3)

    def add(self, images: EventChunkImages) -> None:
        """Add the events of one chunk, one by one."""
        batch = images.batch
        self._account += images.energy
        for index in range(len(batch)):
            self._add(batch.slice(index, index + 1))

    def _add(self, event: EventBatch) -> None:
        rows, columns, channels = self._shape
        self._events += 1
        np.add.at(self._image, event.pixel, event.value.astype(np.float64))
        codes = np.zeros(rows * columns, np.uint8)
        codes[event.tower] = event.tower_class
        self._towers += np.bincount(codes, minlength=_CLASSES)
        energy = event.value.astype(np.float64)
        self._energy += np.bincount(codes[event.pixel // channels], energy, _CLASSES)
        position = np.searchsorted(PT_EDGES, event.jet_pt, side="right") - 1
        np.add.at(self._jet_pt, (event.jet_kind, np.minimum(position, PT_EDGES.size - 2)), 1)
        self._jets[min(event.jet_pt.size, MOST_JETS_DRAWN)] += 1
        interactions = int(event.pileup[0])
        if interactions >= self._pileup.size:
            self._pileup = np.concatenate([self._pileup, np.zeros(interactions + 1 - self._pileup.size)])
        self._pileup[interactions] += 1

    def result(self) -> EventSummary:
        """The summary of all that was added."""
        return EventSummary(
            events=np.array(float(self._events)),
            mean_image=(self._image / max(1, self._events)).reshape(self._shape),
            towers=self._towers.copy(),
            energy=self._energy.copy(),
            jet_pt=self._jet_pt.copy(),
            jets=self._jets.copy(),
            pileup=self._pileup.copy(),
            account=self._account.copy(),
        )
