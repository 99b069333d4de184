"""The configuration of event images: `images.yaml` with `kind: events`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from data_prep.grids.trigger_towers import MAX_INDEX, EventGrid
from data_prep.settings import Gev, Settings
from data_prep.store.split import SplitSettings

Channel = Literal["em", "had", "track"]
CHANNELS: tuple[Channel, ...] = ("em", "had", "track")
"""What the channels of a tower sum: transverse energy in ECAL and HCAL, pT of tracks (GeV)."""
CALORIMETERS = CHANNELS[:2]


class EventDescription(Settings):
    """What the images of a dataset are: stored in the schema metadata of every Parquet file of it."""

    format: Literal[2] = 2
    """Version of this layout."""
    grid: EventGrid
    """The towers."""
    channels: tuple[str, ...] = CHANNELS
    """What each channel of a tower sums."""
    pixel_min: float
    """Smaller pixels are left out (GeV)."""
    jet_pt_min: float
    """Softer truth jets are not listed, and towers that are mostly theirs are undecided (GeV)."""
    jet_eta_max: float
    """As are truth jets with an axis beyond this |η|."""
    box_min: float
    """A jet's box is drawn around the towers with so much of its transverse energy (GeV)."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels, without repeated columns."""
        return self.grid.rows, self.grid.columns, len(self.channels)

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each channel of a tower."""
        return ("GeV",) * len(self.channels)


class EventImagesSettings(Settings):
    """The stage `images` for whole events."""

    kind: Literal["events"]
    """What an image is of."""
    grid: EventGrid = EventGrid()
    """The towers."""
    channels: tuple[Channel, ...] = CHANNELS
    """What each channel of a tower sums; `[em, had]` is a trigger without tracks."""
    pixel_min: Gev = 0.5
    """Smaller pixels are left out (GeV): what the trigger does not send."""
    jet_pt_min: Gev = 0.0
    """Softer truth jets are not listed (GeV). Towers that are mostly theirs, or of the hard collision outside all jets,
    are undecided: they count in no loss and no metric."""
    jet_eta_max: Annotated[float, Field(gt=0, le=10)] | None = None
    """Truth jets with an axis beyond this |η| are not listed either; the border of the image at most."""
    box_min: Gev = Field(default=3.0, gt=0)
    """A jet's box is drawn around the towers with so much of its transverse energy (GeV)."""
    split: SplitSettings
    """Fractions of events for training, validation and test."""
    chunk_events: int = Field(default=500, ge=1, le=1_000_000)
    """Events in memory at once; changes speed and memory, never a result."""

    @model_validator(mode="after")
    def _indexable(self) -> Self:
        if self.channels not in (CHANNELS, CALORIMETERS):
            raise ValueError("'channels' must be [em, had, track] or [em, had]")
        size = int(np.prod(self.description.shape))
        if size > MAX_INDEX:
            raise ValueError(f"{size} towers times channels are too many for a 16-bit index ({MAX_INDEX})")
        return self

    @property
    def description(self) -> EventDescription:
        """What the images will be."""
        return EventDescription(
            grid=self.grid,
            channels=self.channels,
            pixel_min=self.pixel_min,
            jet_pt_min=self.jet_pt_min,
            jet_eta_max=min(self.jet_eta_max or self.grid.eta_max, self.grid.eta_max),
            box_min=self.box_min,
        )
