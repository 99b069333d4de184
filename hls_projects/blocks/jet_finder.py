"""The trigger's jet finder: from the maps of a network to the list of jets, as firmware gives it.

What it selects is said in `models/events/jet_finder.py`, whose integers it gives. A jet is a record of raw integers:
1, row, column, heat, and what the other maps hold there; an event with fewer jets is filled up with zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.fixed_point import FixedType
from data_prep.settings import Settings
from hls_projects.network.port import Port
from models.events.jet_finder import find_jets, inner
from models.events.maps import heads
from models.events.settings import DetectionSettings

Integers = npt.NDArray[np.int64]

RECORD = FixedType(32, 32)
"""What every number of a record fits in."""


class JetFinder(Settings):
    """One jet finder: parameters, ports and the reference in integers; as JSON it is part of `hls.json`."""

    maps: tuple[Port, ...] = Field(min_length=1)
    """The outputs of the network that it takes: the heatmap, then what is told of a jet at its centre."""
    names: tuple[str, ...]
    """What these maps are: `heat`, `pt`, `box`."""
    first: int = Field(ge=0)
    """The place of the heatmap among all outputs; the other maps stand behind it."""
    wrap: int = Field(ge=0)
    """Columns that the maps repeat on either side."""
    window: int = Field(ge=1)
    """Towers up, down, left and right that a centre is hotter than."""
    threshold: int
    """Smallest raw heat; one beyond the largest where none is enough."""
    jets: int = Field(ge=1)
    """Jets of an event at most."""

    @classmethod
    def of(cls, task: str, settings: DetectionSettings, outputs: Sequence[Port], wrap: int) -> JetFinder | None:
        """The finder behind the network of a task; None where that gives no heatmap.

        Args:
            task: of the network.
            settings: window, threshold and number of jets.
            outputs: all outputs of the network, in order.
            wrap: columns that the images repeat on either side.

        Raises:
            ValueError: other outputs than the task has, or a window as wide as the image.
        """
        names = list(heads(task))
        if "heat" not in names:
            return None
        if [port.shape[-1] for port in outputs] != list(heads(task).values()):
            raise ValueError(f"a network for {task} gives {' and '.join(names)}")
        first = names.index("heat")
        heat_type = outputs[first].type
        threshold = int(np.ceil(np.ldexp(settings.threshold, heat_type.fraction)))
        return cls(
            maps=tuple(outputs[first:]),
            names=tuple(names[first:]),
            first=first,
            wrap=wrap,
            window=settings.window,
            threshold=min(max(threshold, heat_type.raw_min), heat_type.raw_max + 1),
            jets=settings.jets,
        )

    @property
    def rows(self) -> int:
        """Rows of the maps."""
        return self.maps[0].shape[0]

    @property
    def columns(self) -> int:
        """Columns of the maps without the repeated ones."""
        return self.maps[0].shape[1] - 2 * self.wrap

    @property
    def record(self) -> int:
        """Numbers in the record of one jet."""
        return 4 + sum(port.shape[-1] for port in self.maps[1:])

    def find(self, outputs: Sequence[Integers]) -> Integers:
        """The lists of jets.

        Args:
            outputs: int64 [events, rows, columns with the repeated ones, channels] of all outputs of the network, each
                in its port's type.

        Returns:
            int64 [events, jets, numbers of a record].
        """
        heat, *maps = (inner(values, self.wrap) for values in outputs[self.first : self.first + len(self.maps)])
        values = np.concatenate([heat[..., :0], *maps], axis=-1).astype(np.int64)
        jets = find_jets(
            np.asarray(heat[..., 0], np.int64), values, threshold=self.threshold, window=self.window, jets=self.jets
        )
        records = np.zeros((len(heat), self.jets, self.record), np.int64)
        counts = np.diff(jets.offsets)
        event = np.repeat(np.arange(len(heat)), counts)
        place = np.arange(event.size) - np.repeat(jets.offsets[:-1], counts)
        columns = (np.ones(event.size, np.int64), jets.row, jets.column, jets.heat)
        records[event, place] = np.column_stack([*columns, jets.values])
        return records

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.names) != len(self.maps):
            raise ValueError("every map has a name")
        shapes = {port.shape[:2] for port in self.maps}
        if len(shapes) > 1 or self.maps[0].shape[2:] != (1,):
            raise ValueError("the maps are of one size, and the heatmap has one channel")
        if 2 * self.window >= self.columns:
            raise ValueError(f"a window of {2 * self.window + 1} columns does not fit {self.columns}")
        return self
