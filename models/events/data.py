"""A dataset of event images as the networks see it: with the repeated columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_prep.grids.tower_geometry import Towers
from data_prep.store.event_images import EventDataset, EventSplit, open_event_dataset


@dataclass(frozen=True)
class Events:
    """Event images to train on."""

    dataset: EventDataset

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.dataset.folder

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns with the repeated ones, channels of the dense image."""
        rows, columns, channels = self.dataset.metadata.shape
        return rows, columns + 2 * self.dataset.metadata.grid.wrap, channels

    @property
    def towers(self) -> Towers:
        """Where the towers lie."""
        return self.dataset.metadata.grid.towers

    @property
    def eta_max(self) -> float:
        """|η| up to which truth jets are listed."""
        return self.dataset.metadata.jet_eta_max

    def split(self, name: str) -> EventSplit:
        """One of `train`, `validation`, `test`."""
        return self.dataset.split(name)


def open_events(folder: Path) -> Events:
    """Open a dataset of event images.

    Raises:
        InputFileError: no such folder, or no events in it.
    """
    return Events(open_event_dataset(folder))
