"""One reader an input layout; all yield the same typed chunk, `data_prep.jets.chunk.JetChunk`.

A reader reads any range of entries of a file on its own, so that ranges can be read in any order, by any process, and
give the same jets. An entry is a jet or an event, see `Layout.entry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from data_prep.jets.chunk import JetChunk
from data_prep.jets.expressions import Expression
from data_prep.jets.labels import ClassSettings, branches_of, labels_of
from data_prep.settings import Settings


class Reader(Protocol):
    """The interface of the readers of all layouts."""

    def count(self, file: Path) -> int:
        """Check that a file has the branches that are needed, without reading jets; the number of entries in it.

        Raises:
            InputFileError: the file cannot be read, or a branch is missing or has the wrong type.
        """
        ...

    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets of the entries `start` to `stop - 1`, in their order; 0 <= start <= stop <= count.

        Raises:
            InputFileError: as `count`, or the file is damaged.
        """
        ...


class ClusteringReader:
    """Base of the readers of files that hold no jets: they cluster them, as `Options.cluster` says."""


def chunks(reader: Reader, file: Path, size: int) -> Iterator[JetChunk]:
    """The jets of a file in their order, at most `size` entries at a time.

    Raises:
        InputFileError: the file cannot be read, lacks a branch or is damaged.
    """
    entries = reader.count(file)
    for start in range(0, entries, size):
        yield reader.read(file, start, min(start + size, entries))


class ClusterSettings(Settings):
    """Jets of files that hold none: anti-kT with FastJet."""

    radius: float = Field(default=0.4, gt=0, le=1.5)
    """The jet radius R."""
    pt_min: float = Field(default=20.0, gt=0, le=1e5)
    """Smallest jet pT (GeV)."""


@dataclass(frozen=True)
class Options:
    """How the user wants files to be read.

    Attributes:
        classes: the classes of jets.
        particles: whether charge and particle kind are read too, where the layout has them.
        puppi: whether constituents are multiplied by their PUPPI weight: as the layout needs it, always, or never.
        jets: the collection of jets, for layouts with several; None takes the layout's own.
        cluster: how jets are clustered where the file has none.
        weight: the weight of a jet, an expression; 1 where there is none.
        tree: the path of the tree in the file, where several trees have a known layout.
    """

    classes: tuple[ClassSettings, ...] = ()
    particles: bool = False
    puppi: Literal["layout", "apply", "ignore"] = "layout"
    jets: str | None = None
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    weight: str | None = None
    tree: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The branches that labels and weight depend on, each once."""
        weight = Expression(self.weight).names if self.weight else ()
        return tuple(dict.fromkeys([*branches_of(self.classes), *weight]))

    def labels(self, columns: Mapping[str, npt.NDArray[Any]], jets: int, file: Path) -> npt.NDArray[np.uint8]:
        """The label of each jet, from the values of `columns` jet by jet; see `labels_of`."""
        return labels_of(self.classes, columns, jets, file)

    def weights(self, columns: Mapping[str, npt.NDArray[Any]], jets: int, file: Path) -> npt.NDArray[np.float32]:
        """The weight of each jet, float32 [jets]."""
        value = Expression(self.weight)(columns, file) if self.weight else np.float32(1)
        return np.ascontiguousarray(np.broadcast_to(value, (jets,)), dtype=np.float32)


DEFAULTS = Options()
"""The options of a user who has set none."""
